// SPDX-License-Identifier: Apache-2.0
// An operation's steps on a common time axis: what ran beside what, what waited for what.
import type { Operation, Step } from '../api/contract';

export type Bar = {
  step: Step;
  row: number;
  /** Fractions of the axis, 0 to 1; a step that has not begun has no width. */
  begin: number;
  end: number;
  begun: boolean;
  /** How long it took or has been running; null when it has not begun. */
  milliseconds: number | null;
};

export type Link = { from: Bar; to: Bar };
export type Tick = { at: number; milliseconds: number };
export type Layout = { bars: Bar[]; links: Link[]; ticks: Tick[]; total: number };

const NICE = [100, 200, 500, 1000, 2000, 5000, 10_000, 15_000, 30_000, 60_000, 120_000, 300_000, 600_000, 1_800_000, 3_600_000];

function time(text: string | null | undefined): number | null {
  if (!text) return null;
  const value = Date.parse(text);
  return Number.isNaN(value) ? null : value;
}

export function ticksOf(total: number, most = 6): Tick[] {
  const every = NICE.find((candidate) => total / candidate <= most) ?? Math.ceil(total / most / 3_600_000) * 3_600_000;
  const ticks: Tick[] = [];
  for (let at = 0; at <= total; at += every) ticks.push({ at: total === 0 ? 0 : at / total, milliseconds: at });
  return ticks;
}

export function layoutOperation(operation: Operation, now: number): Layout {
  const { steps } = operation;
  const starts = steps.map((step) => time(step.startedAt)).filter((value) => value !== null);
  // From the first step on: what was queued before it is not the steps' time.
  const origin = starts.length > 0 ? Math.min(...starts) : (time(operation.createdAt) ?? now);
  const running = operation.status === 'running' || operation.status === 'pending';
  const ends = steps.map((step) => time(step.finishedAt)).filter((value) => value !== null);
  const last = running ? Math.max(now, origin) : Math.max(time(operation.finishedAt) ?? origin, ...ends, origin);
  const total = Math.max(last - origin, 1);
  const place = (at: number) => Math.min(1, Math.max(0, (at - origin) / total));

  const bars = steps.map((step, row): Bar => {
    const started = time(step.startedAt);
    if (started === null) return { step, row, begin: 1, end: 1, begun: false, milliseconds: null };
    const finished = time(step.finishedAt) ?? last;
    return { step, row, begin: place(started), end: place(finished), begun: true, milliseconds: Math.max(0, finished - started) };
  });
  const byName = new Map(bars.map((bar) => [bar.step.name, bar]));
  const links = bars.flatMap((to) =>
    (to.step.dependsOn ?? []).flatMap((name) => {
      const from = byName.get(name);
      return from ? [{ from, to }] : [];
    }));
  // What has not begun stands where the last of what it waits for ends.
  for (const bar of bars) {
    if (bar.begun) continue;
    const awaited = links.filter(({ to }) => to === bar).map(({ from }) => from);
    if (awaited.length > 0 && awaited.every(({ begun }) => begun)) {
      bar.begin = bar.end = Math.max(...awaited.map(({ end }) => end));
    }
  }
  return { bars, links, ticks: ticksOf(total), total };
}

/** Of several ways from one step to another only the longest says something. */
export function essentialLinks({ bars, links }: Pick<Layout, 'bars' | 'links'>): Link[] {
  const direct = new Map<Bar, Bar[]>(bars.map((bar) => [bar, links.filter(({ to }) => to === bar).map(({ from }) => from)]));
  const reaches = (from: Bar, to: Bar, seen = new Set<Bar>()): boolean => {
    for (const before of direct.get(to) ?? []) {
      if (before === from) return true;
      if (seen.has(before)) continue;
      seen.add(before);
      if (reaches(from, before, seen)) return true;
    }
    return false;
  };
  return links.filter(({ from, to }) => !(direct.get(to) ?? []).some((other) => other !== from && reaches(from, other)));
}
