// SPDX-License-Identifier: Apache-2.0
// The steps of an operation as a picture: bars on one time axis, lines from what had to be done first.
import type { Operation, Step } from '../api/contract';
import { duration, until } from '../ui/format';
import { StateIcon } from '../ui/state';
import { useNow } from '../ui/time';
import { type Bar, type Link, essentialLinks, layoutOperation } from './layout';
import styles from './timeline.module.css';

const percent = (fraction: number) => `${(fraction * 100).toFixed(3)}%`;

function linkPath({ from, to }: Link, rows: number): string {
  const y = (bar: Bar) => ((bar.row + 0.5) / rows) * 100;
  const x = from.end * 100;
  return `M${x} ${y(from)} V${y(to)} H${Math.max(to.begin * 100, x)}`;
}

function detailOf(step: Step, now: number): { text: string; retry: string | null } {
  const wait = step.retryAt ? Date.parse(step.retryAt) - now : 0;
  const again = wait <= 0 ? null : wait < 60_000 ? `again in ${Math.ceil(wait / 1000)} s` : `again ${until(now + wait, now)}`;
  const open = step.status === 'running' || step.status === 'pending';
  const attempt = step.attempt && (step.attempt > 1 || again) && open ? `Attempt ${step.attempt}` : null;
  const retry = [attempt, again].filter(Boolean).join(', ');
  return { text: step.detail, retry: retry === '' ? null : retry };
}

function StepRow({ bar, operation, now }: { bar: Bar; operation: Operation; now: number }) {
  const { step } = bar;
  const { text, retry } = detailOf(step, now);
  // The operation's own error says what a failed step says, and what to do next.
  const repeated = operation.error !== null && operation.error.message === text;
  const worthSaying = retry !== null || (text !== '' && !repeated && step.status !== 'pending');
  return (
    <li className={styles.step}>
      <div className={styles.row}>
        <div className={styles.name}>
          <StateIcon state={step.status === 'pending' && step.retryAt ? 'waiting' : step.status} />
          <span title={step.name}>{step.name}</span>
          <span className="visually-hidden">{step.status}{step.dependsOn?.length ? `, after ${step.dependsOn.join(', ')}` : ''}</span>
        </div>
        <div className={styles.track} aria-hidden="true" title={text || undefined}>
          {bar.begun
            ? <div className={styles.bar} data-status={step.status} style={{ left: percent(bar.begin), width: percent(bar.end - bar.begin) }} />
            : <div className={styles.ghost} data-edge={bar.begin > 0.98} style={{ left: percent(bar.begin) }} />}
        </div>
        <div className={styles.took}>{bar.milliseconds === null ? '' : duration(bar.milliseconds)}</div>
      </div>
      {worthSaying && (step.status === 'running' || step.status === 'failed' || retry) && (
        <p className={styles.detail} data-status={step.status}>{retry && <b>{retry}{text ? ': ' : ''}</b>}{text}</p>
      )}
    </li>
  );
}

export function Timeline({ operation }: { operation: Operation }) {
  const running = operation.status === 'running' || operation.status === 'pending';
  const now = useNow(running ? 200 : null);
  const layout = layoutOperation(operation, now);
  const rows = layout.bars.length;
  // Lines need rows of one height, so a detail below a row takes them away.
  const withDetails = layout.bars.some(({ step }) => detailOf(step, now).retry !== null
    || (step.detail !== '' && (step.status === 'running' || step.status === 'failed')));
  return (
    <div className={styles.timeline}>
      <div className={styles.axis} aria-hidden="true">
        <span />
        <div className={styles.ticks}>
          {layout.ticks.map((tick) => (
            <span key={tick.milliseconds} data-edge={tick.at > 0.96} style={{ left: percent(tick.at) }}>{tick.milliseconds === 0 ? '0' : duration(tick.milliseconds)}</span>
          ))}
        </div>
      </div>
      <div className={styles.rows}>
        <div className={styles.grid} aria-hidden="true">
          <div>
            {layout.ticks.map((tick) => <i key={tick.milliseconds} style={{ left: percent(tick.at) }} />)}
            {!withDetails && rows > 0 && (
              <svg viewBox="0 0 100 100" preserveAspectRatio="none">
                {essentialLinks(layout).map((link) => <path key={`${link.from.row}-${link.to.row}`} d={linkPath(link, rows)} />)}
              </svg>
            )}
          </div>
        </div>
        <ol>
          {layout.bars.map((bar) => <StepRow key={bar.row} bar={bar} operation={operation} now={now} />)}
        </ol>
      </div>
    </div>
  );
}
