import { describe, expect, it } from 'vitest';
import { type AtTurnEnd, atTurnEnd } from '../../edge-proxy/forward/turn-end.ts';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('the end of a turn of the event loop', () => {
  it('comes once for each who asked, in the order of asking, and not before', async () => {
    const told: string[] = [];
    const one = (name: string): AtTurnEnd => ({ turnEnded: () => told.push(name) });
    atTurnEnd(one('a'));
    atTurnEnd(one('b'));
    await Promise.resolve();
    expect(told).toEqual([]);
    await turn();
    expect(told).toEqual(['a', 'b']);
    await turn();
    expect(told).toEqual(['a', 'b']);
  });

  it('is the next one for who asks at the end of a turn', async () => {
    const told: string[] = [];
    const again: AtTurnEnd = {
      turnEnded() {
        told.push('again');
        if (told.length < 2) atTurnEnd(again);
      },
    };
    atTurnEnd(again);
    await turn();
    expect(told).toEqual(['again']);
    await turn();
    expect(told).toEqual(['again', 'again']);
  });

  it('comes for the others when one throws', async () => {
    const told: string[] = [];
    const thrown = new Promise((resolve) => {
      const before = process.listeners('uncaughtException');
      process.removeAllListeners('uncaughtException');
      process.once('uncaughtException', (error) => {
        for (const listener of before) process.on('uncaughtException', listener);
        resolve(error);
      });
    });
    const defect = new Error('a defect');
    atTurnEnd({
      turnEnded() {
        throw defect;
      },
    });
    atTurnEnd({ turnEnded: () => told.push('the other') });
    expect(await thrown).toBe(defect);
    await turn();
    await turn();
    expect(told).toEqual(['the other']);
  });
});
