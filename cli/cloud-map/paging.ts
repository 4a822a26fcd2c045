import { invalidInput } from './errors.ts';
import { fingerprintOf } from './fingerprint.ts';

/** As many items a page as AWS gives when none are asked for, and the most it gives. */
export const DEFAULT_PAGE = 100;

export interface Page<Item> {
  items: Item[];
  nextToken: string | undefined;
}

/**
 * One page of a list in the order of ordinals. The token names the last item seen, not a position, so that items which are added or
 * removed between two pages shift nothing. It fits only the operation and the parameters it was given for.
 *
 * @throws CloudMapError InvalidInput for a token that was not given out for this list
 */
export function pageOf<Item extends { readonly ordinal: number }>(
  operation: string,
  all: readonly Item[],
  asked: { MaxResults?: number | undefined; NextToken?: string | undefined },
  parameters: unknown,
): Page<Item> {
  const list = fingerprintOf([operation, parameters ?? null]).slice(0, 12);
  const after = asked.NextToken === undefined ? -1 : ordinalIn(asked.NextToken, list);
  const rest = all.filter((item) => item.ordinal > after).sort((a, b) => a.ordinal - b.ordinal);
  const items = rest.slice(0, asked.MaxResults ?? DEFAULT_PAGE);
  const last = items.at(-1);
  const more = last !== undefined && items.length < rest.length;
  return {
    items,
    nextToken: more ? Buffer.from(`1.${list}.${last.ordinal}`).toString('base64url') : undefined,
  };
}

function ordinalIn(token: string, list: string): number {
  const [version, of, ordinal] = Buffer.from(token, 'base64url').toString('latin1').split('.');
  if (version !== '1' || of !== list || ordinal === undefined || !/^\d{1,16}$/.test(ordinal)) {
    throw invalidInput('Invalid NextToken: it was not given out for this request.');
  }
  return Number(ordinal);
}
