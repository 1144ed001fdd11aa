// SPDX-License-Identifier: Apache-2.0
// Which organization and workspace one looks at.
import { Menu } from '@base-ui/react/menu';
import { useQuery } from '@tanstack/react-query';
import type { RefObject } from 'react';
import { useLocation } from 'wouter';
import { organizations, workspaces } from '../api/queries';
import { useSession } from '../session/session';
import { CheckIcon, PlusIcon, UpDownIcon } from '../ui/icons';
import { StateIcon } from '../ui/state';
import styles from './shell.module.css';

export function Switcher({ workspace, within, onChosen }: { workspace: string | null; within: RefObject<HTMLElement | null>; onChosen: () => void }) {
  const { session, mayChange } = useSession();
  const [, navigate] = useLocation();
  const all = useQuery(workspaces);
  const known = useQuery(organizations);
  const go = (path: string) => {
    onChosen();
    navigate(path);
  };
  return (
    <Menu.Root modal={false}>
      <Menu.Trigger className={styles.switcher}>
        <span style={{ minWidth: 0 }}>
          <span className="visually-hidden">Switch organization or workspace, now </span>
          <small className="truncate">{session.organization}</small>
          <strong className="truncate">{workspace ?? 'All workspaces'}</strong>
        </span>
        <UpDownIcon />
      </Menu.Trigger>
      <Menu.Portal container={within}>
        <Menu.Positioner sideOffset={6} align="start" style={{ zIndex: 30 }}>
          <Menu.Popup className={styles.popup}>
            <Menu.Group>
              <Menu.GroupLabel className={styles.popupLabel}>Organization</Menu.GroupLabel>
              {(known.data ?? []).map((organization) => (
                <Menu.Item key={organization.id} className={styles.item} onClick={() => go('/')}>
                  <span className="grow truncate">{organization.name}</span>
                  {organization.name === session.organization && <CheckIcon size={14} />}
                </Menu.Item>
              ))}
            </Menu.Group>
            <div className={styles.separator} />
            <Menu.Group>
              <Menu.GroupLabel className={styles.popupLabel}>Workspaces</Menu.GroupLabel>
              {(all.data ?? []).map(({ id, name, state }) => (
                <Menu.Item key={id} className={styles.item} onClick={() => go(`/workspaces/${name}`)}>
                  <StateIcon state={state} />
                  <span className="grow truncate">{name}</span>
                  {name === workspace && <CheckIcon size={14} />}
                </Menu.Item>
              ))}
              {all.data?.length === 0 && <p className={styles.popupLabel}>None yet</p>}
            </Menu.Group>
            {mayChange && (
              <>
                <div className={styles.separator} />
                <Menu.Item className={styles.item} onClick={() => go('/new-workspace')}><PlusIcon size={14} />New workspace</Menu.Item>
              </>
            )}
          </Menu.Popup>
        </Menu.Positioner>
      </Menu.Portal>
    </Menu.Root>
  );
}
