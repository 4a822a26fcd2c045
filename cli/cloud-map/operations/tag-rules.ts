import type { Tag } from '@aws-sdk/client-servicediscovery';
import type { Context } from '../context.ts';
import { CloudMapError, invalidInput } from '../errors.ts';
import type { Tags } from '../state.ts';
import type { Validated } from '../validated.ts';

/** The tags of a resource that is being created. @throws CloudMapError TooManyTagsException, InvalidInput */
export function tagsToCreate(
  tags: readonly Validated<Tag>[] | undefined,
  context: Context,
  resource: string,
): Tags {
  return mergeTags({}, tags ?? [], context, resource);
}

/** Tags after adding some; a known key gets the new value. @throws CloudMapError TooManyTagsException, InvalidInput */
export function mergeTags(
  present: Tags,
  added: readonly Validated<Tag>[],
  context: Context,
  resource: string,
): Tags {
  const keys = new Set<string>();
  for (const { Key } of added) {
    if (Key.toLowerCase().startsWith('aws:'))
      throw invalidInput(`Tag key ${Key}: the prefix aws: is reserved.`);
    if (keys.has(Key)) throw invalidInput(`Tag key ${Key} is given twice.`);
    keys.add(Key);
  }
  const merged = { ...present, ...Object.fromEntries(added.map(({ Key, Value }) => [Key, Value])) };
  if (Object.keys(merged).length > context.limits.tagsPerResource) {
    throw new CloudMapError(
      'TooManyTagsException',
      `A resource can have at most ${context.limits.tagsPerResource} tags.`,
      { ResourceName: resource },
    );
  }
  return merged;
}
