// SPDX-License-Identifier: Apache-2.0
// The frame of every screen: where one is, where one can go. A noun of the product is one line in a section.
import { type ReactNode, useEffect, useRef, useState } from 'react';
import { Link, useLocation } from 'wouter';
import { useSession } from '../session/session';
import { CloseIcon, CloudIcon, GroupIcon, LayersIcon, MenuIcon, NodeIcon, PulseIcon, SealIcon } from '../ui/icons';
import styles from './shell.module.css';
import { Switcher } from './switcher';
import { ThemeButton } from './theme';

type Entry = { label: string; path: string; icon: (p: { size?: number }) => ReactNode };
type Section = { title: string; entries: Entry[] };

function sections(workspace: string | null): Section[] {
  const organization: Section = {
    title: 'Organization',
    entries: [
      { label: 'Workspaces', path: '/', icon: LayersIcon },
      { label: 'Cloud accounts', path: '/cloud-accounts', icon: CloudIcon },
      { label: 'Activity', path: '/activity', icon: PulseIcon },
    ],
  };
  if (workspace === null) return [organization];
  const root = `/workspaces/${workspace}`;
  return [
    {
      title: workspace,
      entries: [
        { label: 'Cloud resources', path: root, icon: CloudIcon },
        { label: 'Node groups', path: `${root}/groups`, icon: GroupIcon },
        { label: 'Nodes', path: `${root}/nodes`, icon: NodeIcon },
        { label: 'Certificates', path: `${root}/certificates`, icon: SealIcon },
        { label: 'Activity', path: `${root}/activity`, icon: PulseIcon },
      ],
    },
    organization,
  ];
}

function isCurrent(path: string, location: string, workspaceRoot: string | null): boolean {
  if (path === '/' || path === workspaceRoot) return location === path;
  return location === path || location.startsWith(`${path}/`);
}

export function Shell({ children }: { children: ReactNode }) {
  const { session, signOut } = useSession();
  const [location] = useLocation();
  const [open, setOpen] = useState(false);
  const main = useRef<HTMLElement>(null);
  const side = useRef<HTMLElement>(null);
  const match = /^\/workspaces\/([^/]+)/.exec(location);
  const workspace = match?.[1] ? decodeURIComponent(match[1]) : null;
  const root = workspace === null ? null : `/workspaces/${workspace}`;

  // A new screen begins at its top, for eyes and for screen readers.
  useEffect(() => {
    setOpen(false);
    window.scrollTo(0, 0);
  }, [location]);
  useEffect(() => {
    if (!open) return undefined;
    const close = (event: KeyboardEvent) => {
      if (event.key === 'Escape') setOpen(false);
    };
    window.addEventListener('keydown', close);
    return () => window.removeEventListener('keydown', close);
  }, [open]);

  return (
    <div className={styles.shell}>
      <a className={`button primary ${styles.skip}`} href="#main" onClick={(event) => { event.preventDefault(); main.current?.focus(); }}>
        Skip to the content
      </a>
      <header className={styles.top}>
        <button type="button" className="icon-button" aria-label="Open navigation" aria-expanded={open} onClick={() => setOpen(true)}><MenuIcon /></button>
        <Link href="/" className={styles.brand}><img src="/console/ferry.svg" alt="" width={22} height={22} />Ferry</Link>
        {workspace && <span className="muted truncate">/ {workspace}</span>}
      </header>
      {open && <button type="button" className={styles.veil} aria-label="Close navigation" onClick={() => setOpen(false)} />}
      <aside className={styles.side} data-open={open} aria-label="Ferry" ref={side}>
        <div className="row">
          <Link href="/" className={`${styles.brand} grow`}><img src="/console/ferry.svg" alt="" width={24} height={24} />Ferry</Link>
          <button type="button" className={`icon-button ${styles.close}`} aria-label="Close navigation" onClick={() => setOpen(false)}><CloseIcon /></button>
        </div>
        <Switcher workspace={workspace} within={side} onChosen={() => setOpen(false)} />
        <nav aria-label="Main" className="stack">
          {sections(workspace).map((section) => (
            <div key={section.title} className={styles.section}>
              <h2 className="truncate">{section.title}</h2>
              {section.entries.map(({ label, path, icon: Icon }) => (
                <Link key={path} href={path} className={styles.link} aria-current={isCurrent(path, location, root) ? 'page' : undefined}>
                  <Icon />{label}
                </Link>
              ))}
            </div>
          ))}
        </nav>
        <div className={styles.foot}>
          <p className="grow small"><strong className="truncate">{session.user}</strong><br /><span className="muted">{session.role}</span></p>
          <ThemeButton />
          <button type="button" className="button quiet small" onClick={() => void signOut()}>Sign out</button>
        </div>
      </aside>
      <main id="main" ref={main} tabIndex={-1} className={styles.main} style={{ outline: 'none' }}>
        <div className={styles.inner}>{children}</div>
      </main>
    </div>
  );
}
