// SPDX-License-Identifier: Apache-2.0
// Deleting a workspace, after showing what will go.
import { Dialog } from '@base-ui/react/dialog';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useLocation } from 'wouter';
import { api, apiPath } from '../api/client';
import type { Operation, Resource } from '../api/contract';
import { ifThere } from '../api/queries';
import dialog from '../ui/dialog.module.css';
import { ErrorNotice, Loaded } from '../ui/feedback';
import { resourceKind } from '../ui/format';

type Going = { type: string; name: string; kept: boolean; reason: string };

function goingOf(item: unknown): Going[] {
  if (typeof item !== 'object' || item === null) return [];
  const { type, name, origin, action, reason } = item as Record<string, unknown>;
  return [{ type: String(type ?? ''), name: String(name ?? ''), kept: action === 'keep' || origin === 'adopted', reason: typeof reason === 'string' ? reason : '' }];
}

/** What the server says will go; an older one does not say, then it is what is there. */
async function readDeletion(workspace: string, resources: Resource[]): Promise<Going[]> {
  const deletion = await ifThere(api.get<{ value: unknown[] }>(apiPath`workspaces/${workspace}/deletion`));
  return deletion ? deletion.value.flatMap(goingOf) : resources.flatMap(goingOf).reverse();
}

function Contents({ workspace, resources, close }: { workspace: string; resources: Resource[]; close: () => void }) {
  const [typed, setTyped] = useState('');
  const [, navigate] = useLocation();
  const cache = useQueryClient();
  const going = useQuery({ queryKey: ['deletion', workspace], queryFn: () => readDeletion(workspace, resources), gcTime: 0 });
  const remove = useMutation({
    mutationFn: () => api.remove<{ operation: Operation }>(apiPath`workspaces/${workspace}`),
    onSuccess: ({ operation }) => {
      cache.setQueryData(['operation', operation.id], operation);
      void cache.invalidateQueries({ queryKey: ['workspaces'] });
      close();
      navigate(`/activity/${operation.id}`);
    },
  });
  return (
    <form className="stack" style={{ gap: 16 }} onSubmit={(event) => { event.preventDefault(); remove.mutate(); }}>
      <Loaded query={going} lines={4}>
        {(items) => (
          <>
            <p>This goes, for good, with its node groups, nodes and certificates:</p>
            <ul className="stack" style={{ gap: 4 }}>
              {items.filter(({ kept }) => !kept).map(({ type, name }) => <li key={`${type}${name}`}>{resourceKind(type)} <span className="mono muted">{name}</span></li>)}
            </ul>
            {items.some(({ kept }) => kept) && (
              <>
                <p>This stays:</p>
                <ul>{items.filter(({ kept }) => kept).map(({ type, name, reason }) => <li key={`${type}${name}`}>{resourceKind(type)} <span className="mono muted">{name}</span>{reason && ` (${reason})`}</li>)}</ul>
              </>
            )}
          </>
        )}
      </Loaded>
      <div className="field">
        <label htmlFor="delete-name">Type <span className="mono">{workspace}</span> to delete it</label>
        <input id="delete-name" className="input mono" autoComplete="off" value={typed} onChange={(event) => setTyped(event.target.value)} />
      </div>
      {remove.isError && <ErrorNotice error={remove.error} />}
      <div className={dialog['foot']}>
        <Dialog.Close className="button">Keep it</Dialog.Close>
        <button type="submit" className="button danger" disabled={typed !== workspace || remove.isPending || !going.data}>Delete workspace</button>
      </div>
    </form>
  );
}

export function DeleteWorkspace({ workspace, resources }: { workspace: string; resources: Resource[] }) {
  const [open, setOpen] = useState(false);
  return (
    <Dialog.Root open={open} onOpenChange={setOpen}>
      <Dialog.Trigger className="button danger">Delete…</Dialog.Trigger>
      <Dialog.Portal>
        <Dialog.Backdrop className={dialog['backdrop']} />
        <Dialog.Popup className={dialog['popup']}>
          <Dialog.Title className={dialog['title']}>Delete workspace {workspace}?</Dialog.Title>
          <Contents workspace={workspace} resources={resources} close={() => setOpen(false)} />
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
