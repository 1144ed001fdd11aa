// SPDX-License-Identifier: Apache-2.0
// Where the hub sends messages, and whether they arrive.
import { useQuery } from '@tanstack/react-query';
import type { Routing } from '../api/contract';
import { routing } from '../api/queries';
import { ErrorNotice } from '../ui/feedback';
import { type Tone, ToneBadge } from '../ui/state';
import { Ago } from '../ui/time';

function healthTone(health: string): Tone {
  switch (health.toLowerCase()) {
    case 'healthy': return 'good';
    case 'degraded': return 'warn';
    case 'unhealthy':
    case 'dead': return 'bad';
    default: return 'idle';
  }
}

function Tables({ data }: { data: Routing }) {
  return (
    <>
      <table className="table">
        <thead><tr><th scope="col">Endpoint</th><th scope="col">Kind</th><th scope="col">Health</th><th scope="col">Last error</th><th scope="col" className="end">Last success</th></tr></thead>
        <tbody>
          {data.endpoints.map((endpoint) => (
            <tr key={endpoint.name}>
              <td className="lead name">{endpoint.name}</td>
              <td data-label="Kind">{endpoint.kind}</td>
              <td data-label="Health"><ToneBadge tone={healthTone(endpoint.health)}>{endpoint.health}</ToneBadge></td>
              <td data-label="Last error">{endpoint.lastError ?? <span className="muted">none</span>}</td>
              <td data-label="Last success" className="end"><Ago at={endpoint.lastSuccessAt} /></td>
            </tr>
          ))}
        </tbody>
      </table>
      {data.routes.length > 0 && (
        <table className="table">
          <thead><tr><th scope="col">Route</th><th scope="col">State</th><th scope="col">Condition</th><th scope="col" className="end">To</th></tr></thead>
          <tbody>
            {data.routes.map((route) => (
              <tr key={route.name}>
                <td className="lead name">{route.name}</td>
                <td data-label="State">{route.problem ? <ToneBadge tone="bad">{route.problem}</ToneBadge> : <ToneBadge tone={route.enabled ? 'good' : 'idle'}>{route.enabled ? 'enabled' : 'disabled'}</ToneBadge>}</td>
                <td data-label="Condition"><span className="mono">{route.condition}</span></td>
                <td data-label="To" className="end">{route.endpoint}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </>
  );
}

export function RoutingCard({ workspace }: { workspace: string }) {
  const query = useQuery(routing(workspace));
  if (query.data === null || query.isPending) return null;
  return (
    <section className="card" aria-labelledby="routing">
      <div className="card-head">
        <h2 id="routing">Message routing</h2>
        {query.data && <span className="muted small">{query.data.fallback ? 'What no route takes lands in the built-in endpoint' : 'The fallback route is off: what no route takes is lost'}</span>}
      </div>
      {query.isError && <div className="card-body"><ErrorNotice error={query.error} onRetry={() => void query.refetch()} /></div>}
      {query.data && <Tables data={query.data} />}
    </section>
  );
}
