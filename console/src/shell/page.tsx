// SPDX-License-Identifier: Apache-2.0
// A screen: its title, also of the browser's window, its actions, its content.
import { type ReactNode, useEffect, useRef } from 'react';

// After a change of screens the focus begins at its heading; when the page has just been loaded, at the top.
let focusesHeading = false;

export function Page({ title, label, intro, aside, actions, children }: {
  title: string; label?: ReactNode; intro?: ReactNode; aside?: ReactNode; actions?: ReactNode; children: ReactNode;
}) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = `${title} – Ferry`;
    if (focusesHeading) heading.current?.focus({ preventScroll: true });
    focusesHeading = true;
  }, [title]);
  return (
    <div className="stack">
      <header className="page-head">
        <div>
          {label && <div className="small muted">{label}</div>}
          <div className="row wrap" style={{ gap: '6px 12px' }}><h1 ref={heading} tabIndex={-1}>{title}</h1>{aside}</div>
          {intro && <p>{intro}</p>}
        </div>
        {actions && <div className="row wrap">{actions}</div>}
      </header>
      {children}
    </div>
  );
}
