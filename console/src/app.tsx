// SPDX-License-Identifier: Apache-2.0
// Which screen is at which path. Each screen is loaded when it is first looked at.
import { Component, type ReactNode, Suspense, lazy } from 'react';
import { Link, Route, Switch } from 'wouter';
import { Page } from './shell/page';
import { Shell } from './shell/shell';
import { Empty, ErrorNotice, Skeleton } from './ui/feedback';

const WorkspaceList = lazy(() => import('./workspaces/list').then((m) => ({ default: m.WorkspaceList })));
const CreateWorkspace = lazy(() => import('./workspaces/create').then((m) => ({ default: m.CreateWorkspace })));
const WorkspaceDetails = lazy(() => import('./workspaces/details').then((m) => ({ default: m.WorkspaceDetails })));
const Certificates = lazy(() => import('./certificates/page').then((m) => ({ default: m.Certificates })));
const Groups = lazy(() => import('./fleet/groups').then((m) => ({ default: m.Groups })));
const GroupPage = lazy(() => import('./fleet/groups').then((m) => ({ default: m.GroupPage })));
const Nodes = lazy(() => import('./fleet/nodes').then((m) => ({ default: m.Nodes })));
const NodePage = lazy(() => import('./fleet/nodes').then((m) => ({ default: m.NodePage })));
const Activity = lazy(() => import('./operations/activity').then((m) => ({ default: m.Activity })));
const OperationPage = lazy(() => import('./operations/activity').then((m) => ({ default: m.OperationPage })));
const CloudAccounts = lazy(() => import('./accounts/accounts').then((m) => ({ default: m.CloudAccounts })));
const CloudAccountPage = lazy(() => import('./accounts/accounts').then((m) => ({ default: m.CloudAccountPage })));

function NotFound() {
  return (
    <Page title="Nothing here">
      <section className="card"><Empty title="There is no such page" action={<Link href="/" className="button">All workspaces</Link>} /></section>
    </Page>
  );
}

/** A screen that breaks says so and leaves the frame standing. */
class Guard extends Component<{ children: ReactNode }, { error: unknown }> {
  override state = { error: null as unknown };
  static getDerivedStateFromError(error: unknown) {
    return { error };
  }
  override render() {
    if (this.state.error === null) return this.props.children;
    return <ErrorNotice error={this.state.error} title="This screen broke" onRetry={() => this.setState({ error: null })} />;
  }
}

export function App() {
  return (
    <Shell>
      <Guard>
        <Suspense fallback={<Skeleton />}>
          <Switch>
            <Route path="/" component={WorkspaceList} />
            <Route path="/new-workspace" component={CreateWorkspace} />
            <Route path="/workspaces/:workspace" component={WorkspaceDetails} />
            <Route path="/workspaces/:workspace/groups" component={Groups} />
            <Route path="/workspaces/:workspace/groups/:group" component={GroupPage} />
            <Route path="/workspaces/:workspace/nodes" component={Nodes} />
            <Route path="/workspaces/:workspace/nodes/:node" component={NodePage} />
            <Route path="/workspaces/:workspace/certificates" component={Certificates} />
            <Route path="/workspaces/:workspace/activity" component={Activity} />
            <Route path="/cloud-accounts" component={CloudAccounts} />
            <Route path="/cloud-accounts/:account" component={CloudAccountPage} />
            <Route path="/activity" component={Activity} />
            <Route path="/activity/:id" component={OperationPage} />
            <Route component={NotFound} />
          </Switch>
        </Suspense>
      </Guard>
    </Shell>
  );
}
