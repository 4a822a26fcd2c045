import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';

const edgeModule = (name: string): string =>
  JSON.stringify(new URL(`../../edge-proxy/${name}.ts`, import.meta.url).href);

/** What V8 has learnt of the keys that Node computes for each tick, in a process of its own that collects while nothing ticks. */
function learntAfterCollections(statement: string): string[] {
  const script = `
    import { keepTickShape } from ${edgeModule('tick-shape')};
    const ticks = (left, then) => process.nextTick(() => (left > 0 ? ticks(left - 1, then) : setTimeout(then, 1)));
    const collect = (left, then) => { gc(); left > 0 ? setTimeout(collect, 1, left - 1, then) : then(); };
    const learnt = () => {
      // As text: what V8 answers is no proper array.
      const slots = JSON.parse(JSON.stringify(%GetFeedback(process.nextTick)));
      console.log(JSON.stringify(slots.filter((slot) => slot?.[0].startsWith('DefineKeyed')).map((slot) => slot[1])));
      process.exit();
    };
    ${statement};
    setTimeout(() => ticks(200, () => collect(4, () => ticks(2000, learnt))), 1);`;
  const flags = ['--expose-gc', '--allow-natives-syntax', '--input-type=module', '-e', script];
  return JSON.parse(execFileSync(process.execPath, flags, { encoding: 'utf8' }));
}

describe('a tick after a full collection', () => {
  it('costs what it did before', () => {
    const learnt = learntAfterCollections('keepTickShape(); keepTickShape()');
    expect(learnt.length).toBeGreaterThan(3);
    expect(new Set(learnt)).toEqual(new Set(['MONOMORPHIC']));
  });

  it('costs what it did before in a process with an edge', () => {
    const edge = `
      const { createEdge } = await import(${edgeModule('edge')});
      const { PRODUCTION_PARTS } = await import(${edgeModule('composition')});
      await createEdge({ monolith: 'http://127.0.0.1:1' }, PRODUCTION_PARTS)`;
    expect(new Set(learntAfterCollections(edge))).toEqual(new Set(['MONOMORPHIC']));
  });

  it('would not, if nobody kept its shape: once this fails, Node or V8 has mended it and the module can go', () => {
    expect(learntAfterCollections('')).toContain('MEGAMORPHIC');
  });
});
