// SPDX-License-Identifier: Apache-2.0
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { type ReactNode, useEffect, useState } from 'react';
import { Link, useLocation } from 'wouter';
import { api, apiPath } from '../api/client';
import type { Operation, Workspace } from '../api/contract';
import { cloudAccounts, locations } from '../api/queries';
import { Page } from '../shell/page';
import { Empty, ErrorNotice, Loaded } from '../ui/feedback';
import styles from './create.module.css';
import { type Draft, FIRST_DRAFT, type Mistakes, SKUS, mistakesOf, requestOf, unitLimit } from './new-workspace';
import { PreflightPanel, usePreflight } from './preflight';

function Field({ id, label, help, wrong, children }: { id: string; label: string; help?: ReactNode; wrong?: string | undefined; children: ReactNode }) {
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      {children}
      {wrong ? <p className="wrong" id={`${id}-help`}>{wrong}</p> : help && <p className="help" id={`${id}-help`}>{help}</p>}
    </div>
  );
}

type Change = <K extends keyof Draft>(field: K, value: Draft[K]) => void;

function Fields({ draft, change, wrong, accounts }: { draft: Draft; change: Change; wrong: Mistakes; accounts: string[] }) {
  const regions = useQuery(locations(draft.cloudAccount));
  const number = (field: 'units' | 'partitions' | 'retentionHours', label: string, most: number, help: string) => (
    <Field id={field} label={label} help={help} wrong={wrong[field]}>
      <input id={field} className="input number" type="number" min={1} max={most} value={Number.isNaN(draft[field]) ? '' : draft[field]} aria-describedby={`${field}-help`} aria-invalid={field in wrong} onChange={(event) => change(field, event.target.valueAsNumber)} />
    </Field>
  );
  return (
    <>
      <Field id="name" label="Name" help="Resource names in Azure begin with it. It cannot be changed later." wrong={wrong.name}>
        <input id="name" className="input mono" autoComplete="off" spellCheck={false} placeholder="plant-a" value={draft.name} aria-describedby="name-help" aria-invalid={'name' in wrong} onChange={(event) => change('name', event.target.value)} />
      </Field>
      <div className={styles.pair}>
        <Field id="account" label="Cloud account" wrong={wrong.cloudAccount}>
          <select id="account" className="input" value={draft.cloudAccount} onChange={(event) => change('cloudAccount', event.target.value)}>
            <option value="">Choose…</option>
            {accounts.map((name) => <option key={name} value={name}>{name}</option>)}
          </select>
        </Field>
        <Field id="location" label="Region" wrong={wrong.location} help={regions.data === null ? 'As Azure names it, such as westeurope' : undefined}>
          {regions.data && regions.data.length > 0
            ? (
              <select id="location" className="input" value={draft.location} onChange={(event) => change('location', event.target.value)}>
                <option value="">Choose…</option>
                {regions.data.map(({ name, displayName }) => <option key={name} value={name}>{displayName && displayName !== name ? `${displayName} (${name})` : name}</option>)}
              </select>
            )
            : <input id="location" className="input mono" autoComplete="off" spellCheck={false} placeholder="westeurope" value={draft.location} aria-describedby="location-help" aria-invalid={'location' in wrong} onChange={(event) => change('location', event.target.value)} />}
        </Field>
      </div>
      <div className="field">
        <span className="label" id="sku-label">IoT Hub</span>
        <div className={styles.skus} role="radiogroup" aria-labelledby="sku-label">
          {SKUS.map(({ sku, about }) => (
            <label key={sku}>
              <input type="radio" name="sku" value={sku} checked={draft.sku === sku} onChange={() => { change('sku', sku); if (draft.units > unitLimit(sku)) change('units', unitLimit(sku)); }} />
              <strong>{sku}</strong>
              <small>{about}</small>
            </label>
          ))}
        </div>
        <p className="help">Basic tiers are not offered: they can do neither twins nor edge deployments.</p>
      </div>
      <div className={styles.pair}>{number('units', 'Units', unitLimit(draft.sku), draft.sku === 'F1' ? 'The free tier has one' : 'Can be raised later')}</div>
      <div className={styles.option}>
        <input id="event-hubs" type="checkbox" checked={draft.eventHubs} onChange={(event) => change('eventHubs', event.target.checked)} />
        <label htmlFor="event-hubs">Event Hubs of its own</label>
        <p className="muted small">A namespace and an event hub that the IoT Hub routes telemetry to. What no route takes still lands in the built-in endpoint.</p>
      </div>
      {draft.eventHubs && (
        <div className={`${styles.pair} ${styles.nested}`}>
          {number('partitions', 'Partitions', 32, 'Cannot be changed later')}
          {number('retentionHours', 'Retention (hours)', 168, 'One hour to seven days')}
        </div>
      )}
    </>
  );
}

function Form({ accounts }: { accounts: string[] }) {
  const [draft, setDraft] = useState<Draft>({ ...FIRST_DRAFT, cloudAccount: accounts.length === 1 ? (accounts[0] ?? '') : '' });
  const [touched, setTouched] = useState<ReadonlySet<keyof Draft>>(new Set());
  const [, navigate] = useLocation();
  const cache = useQueryClient();
  const mistakes = mistakesOf(draft);
  const complete = Object.keys(mistakes).length === 0;
  const request = complete ? requestOf(draft) : null;
  const check = usePreflight(request);
  const create = useMutation({
    mutationFn: () => api.post<{ workspace: Workspace; operation: Operation }>(apiPath`workspaces`, requestOf(draft)),
    onSuccess: ({ workspace, operation }) => {
      cache.setQueryData(['workspace', workspace.name], workspace);
      cache.setQueryData(['newest-operation', workspace.name], operation);
      void cache.invalidateQueries({ queryKey: ['workspaces'] });
      navigate(`/workspaces/${workspace.name}`);
    },
  });
  // A refusal is about what was sent, not about what is being filled in since.
  const { reset } = create;
  useEffect(() => reset(), [draft, reset]);

  const change: Change = (field, value) => {
    setDraft((before) => ({ ...before, [field]: value }));
    setTouched((before) => new Set(before).add(field));
  };
  // What has not been touched is not called wrong yet.
  const wrong: Mistakes = Object.fromEntries(Object.entries(mistakes).filter(([field]) => touched.has(field as keyof Draft)));
  const checking = !check.settled || check.query.isFetching;
  const refused = check.query.data?.passed === false;
  return (
    <div className={styles.layout}>
      <form className={`card ${styles.form}`} noValidate onSubmit={(event) => { event.preventDefault(); if (complete && !refused && !checking) create.mutate(); }}>
        <Fields draft={draft} change={change} wrong={wrong} accounts={accounts} />
        {create.isError && <ErrorNotice error={create.error} title="The workspace was not created" />}
        <div className={styles.foot}>
          <button type="submit" className="button primary" disabled={!complete || checking || refused || create.isPending}>
            {create.isPending ? 'Creating…' : 'Create workspace'}
          </button>
          <Link href="/" className="button quiet">Cancel</Link>
          {refused && !checking && <span className="small muted">First settle what stands in the way.</span>}
        </div>
      </form>
      <PreflightPanel check={check} request={request} draftName={draft.name} />
    </div>
  );
}

export function CreateWorkspace() {
  const accounts = useQuery(cloudAccounts);
  return (
    <Page title="New workspace" label={<Link href="/">Workspaces</Link>}>
      <Loaded query={accounts}>
        {(all) => all.length === 0
          ? (
            <section className="card">
              <Empty title="Connect a cloud account first" action={<pre className="command">ferry cloud-account create --help</pre>}>
                <p>A workspace is made in your own Azure subscription. Ferry needs a credential for it; the command tells what it asks for.</p>
              </Empty>
            </section>
          )
          : <Form accounts={all.map(({ name }) => name)} />}
      </Loaded>
    </Page>
  );
}
