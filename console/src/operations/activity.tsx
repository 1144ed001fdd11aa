// SPDX-License-Identifier: Apache-2.0
// What is and was under way, in one workspace or in all; and one operation by itself.
import { useQuery } from '@tanstack/react-query';
import { Link, useParams } from 'wouter';
import { hasEnded, useOperationEvents } from '../api/events';
import { concerns, operation as operationQuery, operations } from '../api/queries';
import { Page } from '../shell/page';
import { Empty, Loaded } from '../ui/feedback';
import { duration, operationTitle } from '../ui/format';
import { StateBadge } from '../ui/state';
import { Ago } from '../ui/time';
import { OperationCard } from './operation-card';

export function Activity() {
  const { workspace } = useParams<{ workspace?: string }>();
  const query = useQuery({
    ...operations,
    refetchInterval: ({ state }) => (state.data?.some((each) => !hasEnded(each)) ? 1500 : 15_000),
  });
  return (
    <Page title="Activity" label={workspace} intro={`What is and was under way${workspace ? ` in ${workspace}` : ''}: the newest 100 operations of the organization.`}>
      <section className="card" aria-label="Operations">
        <Loaded query={query}>
          {(all) => {
            const shown = workspace ? all.filter(({ target }) => concerns(workspace, target)) : all;
            if (shown.length === 0) {
              return <Empty title="Nothing has happened yet"><p>Creating a workspace, publishing a component, deploying: each is an operation and is shown here with its steps.</p></Empty>;
            }
            return (
              <table className="table">
                <thead><tr><th scope="col">Operation</th><th scope="col">On</th><th scope="col">State</th><th scope="col">Begun</th><th scope="col" className="end">Took</th></tr></thead>
                <tbody>
                  {shown.map((each) => (
                    <tr key={each.id}>
                      <td className="lead name"><Link href={`/activity/${each.id}`}>{operationTitle(each.kind)}</Link></td>
                      <td data-label="On"><span className="mono">{each.target}</span></td>
                      <td data-label="State"><StateBadge state={each.status} /></td>
                      <td data-label="Begun"><Ago at={each.createdAt} /></td>
                      <td data-label="Took" className="end number">{each.finishedAt ? duration(Date.parse(each.finishedAt) - Date.parse(each.createdAt)) : '–'}</td>
                    </tr>
                  ))}
                </tbody>
              </table>
            );
          }}
        </Loaded>
      </section>
    </Page>
  );
}

export function OperationPage() {
  const { id } = useParams<{ id: string }>();
  const query = useQuery(operationQuery(id));
  useOperationEvents(query.data && !hasEnded(query.data) ? id : null);
  return (
    <Page title={query.data ? `${operationTitle(query.data.kind)} ${query.data.target}` : 'Operation'} label={<Link href="/activity">Activity</Link>}>
      <Loaded query={query}>{(data) => <OperationCard operation={data} />}</Loaded>
    </Page>
  );
}
