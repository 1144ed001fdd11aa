// SPDX-License-Identifier: Apache-2.0
// Drawn on a grid of 16, 1.5 wide. Shape tells a state as well as colour does.
import type { ReactNode } from 'react';

function Icon({ children, size = 16, className }: { children: ReactNode; size?: number; className?: string }) {
  return (
    <svg
      width={size} height={size} viewBox="0 0 16 16" fill="none" stroke="currentColor" strokeWidth={1.5}
      strokeLinecap="round" strokeLinejoin="round" aria-hidden="true" {...(className ? { className } : {})}
    >
      {children}
    </svg>
  );
}

type Props = { size?: number };

export const CheckIcon = (p: Props) => <Icon {...p}><circle cx="8" cy="8" r="6" /><path d="m5.5 8.2 1.7 1.7 3.3-3.6" /></Icon>;
export const CrossIcon = (p: Props) => <Icon {...p}><circle cx="8" cy="8" r="6" /><path d="m6 6 4 4m0-4-4 4" /></Icon>;
export const WarningIcon = (p: Props) => <Icon {...p}><path d="M8 2.2 14.5 13.5h-13z" /><path d="M8 6.5v3m0 1.9v.1" /></Icon>;
export const InfoIcon = (p: Props) => <Icon {...p}><circle cx="8" cy="8" r="6" /><path d="M8 7.5V11M8 5v.1" /></Icon>;
export const PendingIcon = (p: Props) => <Icon {...p}><circle cx="8" cy="8" r="6" strokeDasharray="2 2.2" /></Icon>;
export const BusyIcon = (p: Props) => <Icon {...p} className="spinning"><path d="M14 8a6 6 0 1 1-4-5.66" /></Icon>;
export const WaitIcon = (p: Props) => <Icon {...p}><circle cx="8" cy="8" r="6" /><path d="M8 4.8V8l2 1.6" /></Icon>;
export const OfflineIcon = (p: Props) => <Icon {...p}><circle cx="8" cy="8" r="6" /><path d="M5 8h6" /></Icon>;
export const CopyIcon = (p: Props) => <Icon {...p}><rect x="5.5" y="5.5" width="8" height="8" rx="1.5" /><path d="M10.5 5.5V3.8A1.3 1.3 0 0 0 9.2 2.5H3.8a1.3 1.3 0 0 0-1.3 1.3v5.4a1.3 1.3 0 0 0 1.3 1.3h1.7" /></Icon>;
export const ExternalIcon = (p: Props) => <Icon {...p}><path d="M9.5 2.5h4v4m0-4-6 6" /><path d="M12 9.5v3a1 1 0 0 1-1 1H3.5a1 1 0 0 1-1-1V5a1 1 0 0 1 1-1h3" /></Icon>;
export const DownloadIcon = (p: Props) => <Icon {...p}><path d="M8 2.5V10m0 0 3-3m-3 3L5 7M2.5 13.5h11" /></Icon>;
export const ChevronIcon = (p: Props) => <Icon {...p}><path d="m6 4 4 4-4 4" /></Icon>;
export const UpDownIcon = (p: Props) => <Icon {...p}><path d="m5 6 3-3 3 3M5 10l3 3 3-3" /></Icon>;
export const PlusIcon = (p: Props) => <Icon {...p}><path d="M8 3v10M3 8h10" /></Icon>;
export const MenuIcon = (p: Props) => <Icon {...p}><path d="M2.5 4h11m-11 4h11m-11 4h11" /></Icon>;
export const CloseIcon = (p: Props) => <Icon {...p}><path d="m4 4 8 8m0-8-8 8" /></Icon>;
export const SunIcon = (p: Props) => <Icon {...p}><circle cx="8" cy="8" r="2.8" /><path d="M8 1.5v1m0 11v1m6.5-6.5h-1m-11 0h-1m11.1-4.6-.7.7m-7.8 7.8-.7.7m9.2 0-.7-.7M4.1 4.1l-.7-.7" /></Icon>;
export const MoonIcon = (p: Props) => <Icon {...p}><path d="M13.5 9.6A5.8 5.8 0 0 1 6.4 2.5a5.8 5.8 0 1 0 7.1 7.1z" /></Icon>;
export const ScreenIcon = (p: Props) => <Icon {...p}><rect x="1.8" y="2.8" width="12.4" height="8.4" rx="1.2" /><path d="M6 13.5h4" /></Icon>;
export const LayersIcon = (p: Props) => <Icon {...p}><path d="m8 2 6 3-6 3-6-3z" /><path d="m2 8 6 3 6-3M2 11l6 3 6-3" /></Icon>;
export const CloudIcon = (p: Props) => <Icon {...p}><path d="M4.7 12.5h6.8a2.8 2.8 0 0 0 .4-5.6 4 4 0 0 0-7.7-.6 3.1 3.1 0 0 0 .5 6.2z" /></Icon>;
export const PulseIcon = (p: Props) => <Icon {...p}><path d="M1.5 8h3L6.5 3l3 10 2-5h3" /></Icon>;
export const GroupIcon = (p: Props) => <Icon {...p}><rect x="2" y="2" width="5" height="5" rx="1" /><rect x="9" y="2" width="5" height="5" rx="1" /><rect x="2" y="9" width="5" height="5" rx="1" /><rect x="9" y="9" width="5" height="5" rx="1" /></Icon>;
export const NodeIcon = (p: Props) => <Icon {...p}><rect x="4" y="4" width="8" height="8" rx="1.2" /><path d="M6.5 1.5V4m3-2.5V4m-3 8v2.5m3-2.5v2.5M1.5 6.5H4m-2.5 3H4m8-3h2.5m-2.5 3h2.5" /></Icon>;
export const SealIcon = (p: Props) => <Icon {...p}><circle cx="8" cy="6" r="4" /><path d="m5.5 9.2-1 5 3.5-1.8 3.5 1.8-1-5" /></Icon>;
