// SPDX-License-Identifier: Apache-2.0
import { useEffect, useState } from 'react';
import { CheckIcon, CopyIcon } from './icons';

export function CopyButton({ text, what }: { text: string; what: string }) {
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return undefined;
    const timer = setTimeout(() => setCopied(false), 1600);
    return () => clearTimeout(timer);
  }, [copied]);
  return (
    <button
      type="button" className="icon-button" aria-label={`Copy ${what}`} title={copied ? 'Copied' : `Copy ${what}`}
      onClick={() => void navigator.clipboard.writeText(text).then(() => setCopied(true))}
    >
      {copied ? <CheckIcon size={14} /> : <CopyIcon size={14} />}
      <span className="visually-hidden" aria-live="polite">{copied ? 'Copied' : ''}</span>
    </button>
  );
}

/** Text that is cut in the middle of a table, whole when asked for, with a button that copies it. */
export function Copyable({ text, what, shown }: { text: string; what: string; shown?: string }) {
  return (
    <span className="row copyable" style={{ gap: 2, minWidth: 0 }}>
      <span className="mono truncate" title={text}>{shown ?? text}</span>
      <CopyButton text={text} what={what} />
    </span>
  );
}
