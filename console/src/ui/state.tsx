// SPDX-License-Identifier: Apache-2.0
// A state as a badge: words, a colour and a shape.
import type { ReactNode } from 'react';
import { BusyIcon, CheckIcon, CrossIcon, OfflineIcon, PendingIcon, WaitIcon, WarningIcon } from './icons';

export type Tone = 'good' | 'warn' | 'bad' | 'busy' | 'idle';

const LOOKS: Record<string, { tone: Tone; icon: (p: { size?: number }) => ReactNode }> = {
  ready: { tone: 'good', icon: CheckIcon },
  succeeded: { tone: 'good', icon: CheckIcon },
  running: { tone: 'busy', icon: BusyIcon },
  creating: { tone: 'busy', icon: BusyIcon },
  provisioning: { tone: 'busy', icon: BusyIcon },
  deleting: { tone: 'busy', icon: BusyIcon },
  cancelling: { tone: 'busy', icon: BusyIcon },
  failed: { tone: 'bad', icon: CrossIcon },
  cancelled: { tone: 'warn', icon: OfflineIcon },
  pending: { tone: 'idle', icon: PendingIcon },
  planned: { tone: 'idle', icon: PendingIcon },
  waiting: { tone: 'warn', icon: WaitIcon },
  skipped: { tone: 'idle', icon: OfflineIcon },
};

export function StateIcon({ state, size = 14 }: { state: string; size?: number }) {
  const look = LOOKS[state] ?? { tone: 'idle' as const, icon: WarningIcon };
  return <span className="tone row" data-tone={look.tone}><look.icon size={size} /></span>;
}

export function StateBadge({ state, label }: { state: string; label?: string }) {
  const look = LOOKS[state] ?? { tone: 'idle' as const, icon: WarningIcon };
  return <span className="badge" data-tone={look.tone}><look.icon size={13} />{label ?? state}</span>;
}

export function ToneBadge({ tone, children }: { tone: Tone; children: ReactNode }) {
  const icon = { good: CheckIcon, warn: WarningIcon, bad: CrossIcon, busy: BusyIcon, idle: OfflineIcon }[tone];
  const Icon = icon;
  return <span className="badge" data-tone={tone}><Icon size={13} />{children}</span>;
}
