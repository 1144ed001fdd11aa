// SPDX-License-Identifier: Apache-2.0
import { useQuery } from '@tanstack/react-query';
import { Link } from 'wouter';
import { workspaces } from '../api/queries';
import { useSession } from '../session/session';
import { Page } from '../shell/page';
import { Empty, Loaded } from '../ui/feedback';
import { PlusIcon } from '../ui/icons';
import { StateBadge } from '../ui/state';
import { Ago } from '../ui/time';

export function WorkspaceList() {
  const { mayChange } = useSession();
  const query = useQuery({ ...workspaces, refetchInterval: ({ state }) => (state.data?.some((each) => each.state !== 'ready') ? 2000 : 20_000) });
  const create = <Link href="/new-workspace" className="button primary"><PlusIcon />New workspace</Link>;
  return (
    <Page title="Workspaces" intro="A workspace is a project with its own cloud resources, in one of your cloud accounts." actions={mayChange && create}>
      <section className="card" aria-label="Workspaces">
        <Loaded query={query}>
          {(all) => all.length === 0
            ? (
              <Empty title="No workspaces yet" action={mayChange ? create : undefined}>
                <p>With a workspace Ferry makes an IoT Hub, a Device Provisioning Service, a storage account and a container registry in your own account, and links them.</p>
              </Empty>
            )
            : (
              <table className="table">
                <thead><tr><th scope="col">Name</th><th scope="col">State</th><th scope="col">Region</th><th scope="col">Cloud account</th><th scope="col" className="end">Created</th></tr></thead>
                <tbody>
                  {all.map((each) => (
                    <tr key={each.id}>
                      <td className="lead name"><Link href={`/workspaces/${each.name}`}>{each.name}</Link></td>
                      <td data-label="State"><StateBadge state={each.state} /></td>
                      <td data-label="Region">{each.location}</td>
                      <td data-label="Cloud account"><Link href={`/cloud-accounts/${each.cloudAccount}`}>{each.cloudAccount}</Link></td>
                      <td data-label="Created" className="end"><Ago at={each.createdAt} /></td>
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
