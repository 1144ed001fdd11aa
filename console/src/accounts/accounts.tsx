// SPDX-License-Identifier: Apache-2.0
import { useQuery } from '@tanstack/react-query';
import { Link, useParams } from 'wouter';
import type { Budget, CloudAccount } from '../api/contract';
import { budgets, cloudAccounts, workspaces } from '../api/queries';
import { Page } from '../shell/page';
import { Copyable } from '../ui/copy';
import { Empty, Loaded } from '../ui/feedback';
import { StateBadge } from '../ui/state';
import { Ago } from '../ui/time';

export function CloudAccounts() {
  const query = useQuery(cloudAccounts);
  return (
    <Page title="Cloud accounts" intro="Your organization's own subscriptions, and the credential that Ferry uses in each. Secrets are kept sealed and never shown.">
      <section className="card" aria-label="Cloud accounts">
        <Loaded query={query}>
          {(all) => all.length === 0
            ? <Empty title="No cloud account yet" action={<pre className="command">ferry cloud-account create --help</pre>}><p>Connect an Azure subscription, or start the local cloud with ferry up.</p></Empty>
            : (
              <table className="table">
                <thead><tr><th scope="col">Name</th><th scope="col">Environment</th><th scope="col">Subscription</th><th scope="col">Tenant</th><th scope="col" className="end">Connected</th></tr></thead>
                <tbody>
                  {all.map((account) => (
                    <tr key={account.id}>
                      <td className="lead name"><Link href={`/cloud-accounts/${account.name}`}>{account.name}</Link></td>
                      <td data-label="Environment">{account.environment.name}</td>
                      <td data-label="Subscription"><Copyable text={account.subscriptionId} what="subscription id" /></td>
                      <td data-label="Tenant"><Copyable text={account.tenantId} what="tenant id" /></td>
                      <td data-label="Connected" className="end"><Ago at={account.createdAt} /></td>
                    </tr>
                  ))}
                </tbody>
              </table>
            )}
        </Loaded>
      </section>
    </Page>
  );
}

function Facts({ account }: { account: CloudAccount }) {
  const { environment } = account;
  const credential = account.credential?.kind;
  const rows: Array<[string, string | null | undefined]> = [
    ['Subscription', account.subscriptionId], ['Tenant', account.tenantId], ['Client id', account.clientId],
    ['Resource Manager', environment.resourceManager], ['Sign-in', environment.activeDirectory], ['Portal', environment.portal],
  ];
  return (
    <dl className="facts card card-body">
      <div><dt>Environment</dt><dd>{environment.name}</dd></div>
      {credential && <div><dt>Credential</dt><dd>{credential.replaceAll('-', ' ')}</dd></div>}
      {rows.filter(([, value]) => value).map(([name, value]) => <div key={name}><dt>{name}</dt><dd><Copyable text={value ?? ''} what={name} /></dd></div>)}
      <div><dt>Connected</dt><dd><Ago at={account.createdAt} /></dd></div>
    </dl>
  );
}

function Budgets({ list }: { list: Budget[] }) {
  const window = (seconds: number) => (seconds >= 60 && seconds % 60 === 0 ? `${seconds / 60} min` : `${seconds} s`);
  return (
    <table className="table">
      <thead><tr><th scope="col">Allowance</th><th scope="col">Of</th><th scope="col" className="end">Left</th><th scope="col">Waiting</th></tr></thead>
      <tbody>
        {list.map((budget) => (
          <tr key={`${budget.scope} ${budget.name}`}>
            <td className="lead name">{budget.name}</td>
            <td data-label="Of" className="mono">{budget.scope}</td>
            <td data-label="Left" className="end number">{budget.remaining} of {budget.limit} in {window(budget.windowSeconds)}</td>
            <td data-label="Waiting">{budget.waiting.length === 0 ? <span className="muted">nobody</span> : budget.waiting.map(({ share, requests }) => `${share}: ${requests}`).join(', ')}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

export function CloudAccountPage() {
  const { account: name } = useParams<{ account: string }>();
  const query = useQuery(cloudAccounts);
  const all = useQuery(workspaces);
  const allowances = useQuery({ ...budgets(name), refetchInterval: ({ state }) => (state.data ? 5000 : false) });
  const account = query.data?.find((each) => each.name === name || each.id === name);
  const used = (all.data ?? []).filter(({ cloudAccount }) => cloudAccount === account?.name);
  return (
    <Page title={name} label={<Link href="/cloud-accounts">Cloud accounts</Link>}>
      <Loaded query={query}>
        {() => account ? <Facts account={account} /> : <section className="card"><Empty title={`There is no cloud account ${name}`} /></section>}
      </Loaded>
      <section className="card" aria-labelledby="used-by">
        <div className="card-head"><h2 id="used-by">Workspaces in it</h2></div>
        {used.length === 0
          ? <Empty title="None" />
          : <ul className="card-body stack" style={{ gap: 6 }}>{used.map((each) => <li key={each.id} className="row"><Link href={`/workspaces/${each.name}`}>{each.name}</Link><StateBadge state={each.state} /></li>)}</ul>}
      </section>
      {allowances.data && allowances.data.length > 0 && (
        <section className="card" aria-labelledby="allowances">
          <div className="card-head"><h2 id="allowances">Azure's limits</h2><span className="muted small">Ferry queues under them instead of being refused</span></div>
          <Budgets list={allowances.data} />
        </section>
      )}
    </Page>
  );
}
