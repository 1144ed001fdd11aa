// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { everyPage } from './queries';

test('every page of a list is read, in order, and no more', async () => {
  const asked: string[] = [];
  const pages: Record<string, { value: number[]; next: string | null }> = {
    '/x?limit=1000': { value: [1, 2], next: 'b c' },
    '/x?limit=1000&after=b%20c': { value: [3], next: null },
  };
  const all = await everyPage<number>('/x', async (path) => {
    asked.push(path);
    return pages[path]!;
  });
  expect(all).toEqual([1, 2, 3]);
  expect(asked).toHaveLength(2);
});
