// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import type { Operation, Step } from '../api/contract';
import { essentialLinks, layoutOperation, ticksOf } from './layout';

const at = (seconds: number) => new Date(1_790_000_000_000 + seconds * 1000).toISOString();
const now = (seconds: number) => Date.parse(at(seconds));

function step(name: string, from: number | null, to: number | null, dependsOn: string[] = []): Step {
  const status = from === null ? 'pending' : to === null ? 'running' : 'succeeded';
  return { name, status, detail: '', startedAt: from === null ? null : at(from), finishedAt: to === null ? null : at(to), dependsOn, attempt: 1, retryAt: null };
}

function operation(steps: Step[], status: Operation['status'] = 'running', finished: number | null = null): Operation {
  return { id: 'op', kind: 'workspace.create', target: 'plant-a', status, cancelRequested: false, steps, error: null, createdAt: at(0), finishedAt: finished === null ? null : at(finished) };
}

describe('layoutOperation', () => {
  it('puts parallel steps on one axis from the first start to now', () => {
    const { bars, total } = layoutOperation(operation([step('a', 2, 4), step('b', 4, null), step('c', 4, 8)]), now(12));
    expect(total).toBe(10_000);
    expect(bars.map(({ begin, end }) => [begin, end])).toEqual([[0, 0.2], [0.2, 1], [0.2, 0.6]]);
    expect(bars[1]?.milliseconds).toBe(8000);
  });
  it('ends with the operation, whatever the time is', () => {
    const { total } = layoutOperation(operation([step('a', 0, 4)], 'succeeded', 5), now(999));
    expect(total).toBe(5000);
  });
  it('puts a step that waits where what it waits for has ended', () => {
    const { bars } = layoutOperation(operation([step('a', 0, 5), step('b', null, null, ['a']), step('c', null, null, ['b'])]), now(10));
    expect(bars[1]).toMatchObject({ begun: false, begin: 0.5, milliseconds: null });
    expect(bars[2]).toMatchObject({ begun: false, begin: 1 });
  });
  it('survives an operation with no steps, nothing begun, and unknown dependencies', () => {
    expect(layoutOperation(operation([]), now(1)).bars).toEqual([]);
    const { bars, links } = layoutOperation(operation([step('a', null, null, ['ghost'])]), now(1));
    expect(bars[0]?.begun).toBe(false);
    expect(links).toEqual([]);
  });
});

describe('essentialLinks', () => {
  it('leaves out what a longer way says already', () => {
    const layout = layoutOperation(operation([step('a', 0, 1), step('b', 1, 2, ['a']), step('c', 2, 3, ['a', 'b'])]), now(3));
    expect(essentialLinks(layout).map(({ from, to }) => `${from.step.name}${to.step.name}`)).toEqual(['ab', 'bc']);
  });
  it('ends on a circle too', () => {
    const layout = layoutOperation(operation([step('a', 0, 1, ['b']), step('b', 0, 1, ['a'])]), now(1));
    expect(essentialLinks(layout)).toHaveLength(2);
  });
});

describe('ticksOf', () => {
  it.each([[400, 100], [5000, 1000], [61_000, 15_000], [20 * 3_600_000, 4 * 3_600_000]])('divides %d ms by %d', (total, every) => {
    const ticks = ticksOf(total);
    expect(ticks[1]?.milliseconds).toBe(every);
    expect(ticks.length).toBeLessThanOrEqual(7);
    expect(ticks.at(-1)?.at).toBeLessThanOrEqual(1);
  });
});
