// SPDX-License-Identifier: Apache-2.0
// What a visitor downloads, gzipped: the first page at most 180 KB of script, each screen at most 90 KB more.
import { readFileSync, readdirSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { check, failures } from '../e2e/tap.mjs';

const FIRST = 180 * 1024;
const SCREEN = 90 * 1024;
const dist = new URL('../../build/console/dist/', import.meta.url);
const size = (path) => gzipSync(readFileSync(new URL(path, dist)), { level: 9 }).length;
const kilobytes = (bytes) => `${(bytes / 1024).toFixed(1)} KB`;

const page = readFileSync(new URL('index.html', dist), 'utf8');
const first = [...page.matchAll(/(?:src|href)="\/console\/(assets\/[^"]+\.js)"/g)].map(([, path]) => path);
const total = first.reduce((sum, path) => sum + size(path), 0);

await check(`the first page's script is ${kilobytes(total)} of ${kilobytes(FIRST)}`, () => {
  if (first.length === 0) throw new Error('no script found in index.html');
  if (total > FIRST) throw new Error(first.join(', '));
});
const screens = readdirSync(new URL('assets/', dist)).filter((name) => name.endsWith('.js') && !first.includes(`assets/${name}`)).map((name) => [name, size(`assets/${name}`)]);
const [largest, bytes] = screens.sort(([, a], [, b]) => b - a)[0] ?? ['none', 0];
await check(`the largest of ${screens.length} further chunks is ${kilobytes(bytes)} of ${kilobytes(SCREEN)} (${largest})`, () => {
  if (bytes > SCREEN) throw new Error(largest);
});
await check('no script, style or handler is inline', () => {
  const inline = [...page.matchAll(/<script(?![^>]*\bsrc=)[^>]*>|<style|\son\w+=|\sstyle=/g)].map(([text]) => text);
  if (inline.length > 0) throw new Error(inline.join(', '));
});
process.exit(failures() > 0 ? 1 : 0);
