// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { selectionQuery } from './queries';

test('a selection asks for what it has, and for nothing else', () => {
  expect(selectionQuery({})).toBe('');
  expect(selectionQuery({ search: '', group: 'line 1', health: undefined }, { after: '' })).toBe('?group=line+1');
  expect(selectionQuery({ search: 'a&b', health: 'offline' }, { limit: '200' })).toBe('?search=a%26b&health=offline&limit=200');
});
