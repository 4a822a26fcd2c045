import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { atOnce } from '../../migration-plans/in-steps.ts';
import { canonicalJson, digestOf, textDigestSteps } from '../../migration-plans/revision/digest.ts';
import { parseMembers } from '../../migration-plans/revision/json-members.ts';
import { readRevisionSteps } from '../../migration-plans/revision/validate.ts';
import { plan, planRoute, revision, state } from '../edge/support/revisions.ts';

const PLANS = 50;

/** Plans whose texts hold what a reader of JSON could stumble over. */
function large() {
  return revision(
    7,
    Array.from({ length: PLANS }, (_, index) => ({
      plan: plan(`area${index}`, [planRoute('GET', `/area${index}/:id`)], {
        description: `"}{\\" \\\\ 😀 ${'x'.repeat(index)}`,
      }),
      state: state(),
    })),
  );
}

function parseAtOnce(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return 'refused';
  }
}

function parseInSteps(text: string): unknown {
  try {
    return atOnce(parseMembers(text));
  } catch (error) {
    return error instanceof SyntaxError ? 'refused' : error;
  }
}

describe('JSON in steps', () => {
  it('is what JSON.parse reads, for any object of objects', () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.string({ unit: 'binary' }), fc.dictionary(fc.string(), fc.jsonValue())),
        (value) => {
          const text = JSON.stringify(value);
          expect(parseInSteps(text)).toEqual(JSON.parse(text));
        },
      ),
    );
  });

  it('is what JSON.parse reads or refuses when the text was damaged', () => {
    const text = '{"a":{"b":"}\\\\"},"__proto__":{"c":[{}]},"\\"d":{"e":1}}';
    expect(parseInSteps(text)).toEqual(JSON.parse(text));
    for (let at = 0; at < text.length; at += 1) {
      for (const by of ['', '"', '{', '}', '\\', ',', ' ', '1']) {
        const damaged = text.slice(0, at) + by + text.slice(at + 1);
        expect(parseInSteps(damaged), damaged).toEqual(parseAtOnce(damaged));
      }
    }
  });

  it('takes a step for each member', () => {
    const steps = parseMembers(canonicalJson(large().plans));
    let count = 1;
    while (!steps.next().done) count += 1;
    expect(count).toBe(PLANS);
  });
});

describe('a digest', () => {
  it('is that of the canonical JSON as a whole, whatever the names', () => {
    const plans = { b: plan('b', []), 10: plan('10', []), 9: plan('9', []), a: plan('a', []) };
    const states = { b: state(), a: undefined as never };
    const whole = canonicalJson({ plans, states });
    const ofText = atOnce(textDigestSteps(canonicalJson(plans), canonicalJson(states)));
    expect(digestOf({ plans, states })).toBe(ofText);
    expect(whole).toBe(`{"plans":${canonicalJson(plans)},"states":${canonicalJson(states)}}`);
  });

  it('of text does not depend on where a step ends, in the middle of a character neither', () => {
    for (const shift of [0, 1]) {
      const description = 'x'.repeat(shift) + '😀'.repeat(300_000);
      const content = { plans: { a: plan('a', [], { description }) }, states: { a: state() } };
      const { plans, states } = content;
      expect(atOnce(textDigestSteps(canonicalJson(plans), canonicalJson(states)))).toBe(digestOf(content));
    }
  });
});

describe('a revision that is read in steps', () => {
  it('pauses after each plan while it is checked and hashed', () => {
    const steps = readRevisionSteps(large());
    let pauses = 0;
    let step = steps.next();
    for (; !step.done; step = steps.next()) pauses += 1;
    expect(step.value).toEqual({ revision: large() });
    expect(pauses).toBeGreaterThanOrEqual(4 * PLANS - 2);
  });

  it('is not believed a digest that somebody else says', () => {
    const forged = { ...large(), digest: 'f'.repeat(64) };
    expect(atOnce(readRevisionSteps(forged, 'e'.repeat(64)))).toEqual({
      problem: 'its content does not have its digest',
    });
  });

  it.each([
    [{ plans: [], states: {} }, '/plans must be object'],
    [{ plans: {}, states: null }, '/states must be object'],
    [
      { plans: { a: { ...plan('a', []), routes: 1 } }, states: { a: state() } },
      '/plans/a/routes must be array',
    ],
    [{ plans: { a: plan('b', []) }, states: { a: state() } }, 'the plan of "a" says it is of "b"'],
    [{ plans: { a: plan('a', []) }, states: {} }, '"a" has a plan and no state'],
    [{ plans: {}, states: { a: state() } }, '"a" has a state and no plan'],
  ])('is refused with the place of what is wrong: %#', (content, problem) => {
    const read = atOnce(readRevisionSteps({ ...large(), ...content }));
    expect('problem' in read && read.problem).toBe(problem);
  });
});
