// SPDX-License-Identifier: Apache-2.0
// Every cloud resource of a workspace: one line each, and below it everything that is known.
import { Fragment, useId, useState } from 'react';
import type { Resource } from '../api/contract';
import { CopyButton, Copyable } from '../ui/copy';
import { Empty } from '../ui/feedback';
import { resourceKind } from '../ui/format';
import { ChevronIcon, ExternalIcon } from '../ui/icons';
import { StateBadge, ToneBadge } from '../ui/state';
import { Ago } from '../ui/time';
import { driftOf, endpointsOf, estimateOf, isWebLink } from './resource-facts';
import styles from './resources.module.css';

function PortalLink({ resource, labelled }: { resource: Resource; labelled?: boolean }) {
  if (!isWebLink(resource.portalUrl)) return null;
  const what = `Open in the portal: ${resourceKind(resource.type)} ${resource.name} (a new tab)`;
  return (
    <a className={labelled ? 'row' : 'icon-button'} href={resource.portalUrl} target="_blank" rel="noreferrer" aria-label={what} title="Open in the Azure portal">
      {labelled && 'Open in the portal'}<ExternalIcon size={14} />
    </a>
  );
}

function DriftBadge({ resource }: { resource: Resource }) {
  const drift = driftOf(resource);
  if (!drift) return <span className="muted">not checked</span>;
  return <ToneBadge tone={drift.tone}>{drift.label}</ToneBadge>;
}

function Details({ resource }: { resource: Resource }) {
  const endpoints = endpointsOf(resource);
  const drift = driftOf(resource);
  const estimate = estimateOf(resource);
  return (
    <dl className="facts">
      {resource.azureId && <div className={styles.wide}><dt>Azure resource id</dt><dd><Copyable text={resource.azureId} what="Azure resource id" /></dd></div>}
      {endpoints.map(({ name, address }) => (
        <div key={`${name} ${address}`} className={styles.wide}><dt>{name ? `Endpoint: ${name}` : 'Endpoint'}</dt><dd><Copyable text={address} what="endpoint" /></dd></div>
      ))}
      {drift && drift.details.length > 0 && <div className={styles.wide}><dt>What differs</dt><dd>{drift.details.join('; ')}</dd></div>}
      <div><dt>Azure type</dt><dd className="mono">{resource.type}</dd></div>
      <div><dt>SKU</dt><dd>{resource.sku || '–'}</dd></div>
      <div><dt>Origin</dt><dd>{resource.origin === 'adopted' ? 'adopted: it was there before' : 'made by Ferry'}</dd></div>
      <div><dt>Created</dt><dd><Ago at={resource.createdAt} /></dd></div>
      <div><dt>Last verified</dt><dd><Ago at={resource.lastVerifiedAt} none="not yet" /></dd></div>
      {estimate && <div><dt>List price</dt><dd>{estimate}</dd></div>}
      {isWebLink(resource.portalUrl) && <div><dt>Azure portal</dt><dd><PortalLink resource={resource} labelled /></dd></div>}
    </dl>
  );
}

export function ResourceTable({ resources }: { resources: Resource[] }) {
  const [open, setOpen] = useState<ReadonlySet<string>>(new Set());
  const prefix = useId();
  const toggle = (key: string) => setOpen((before) => {
    const after = new Set(before);
    if (!after.delete(key)) after.add(key);
    return after;
  });
  if (resources.length === 0) return <Empty title="No cloud resources"><p>They appear here as soon as they are planned.</p></Empty>;
  return (
    <table className="table">
      <thead>
        <tr>
          <th scope="col">Resource</th><th scope="col">State</th><th scope="col">Region</th><th scope="col">SKU</th>
          <th scope="col" className={styles.roomy}>Azure id</th><th scope="col">Drift</th><th scope="col" className={styles.roomy}>Origin</th><th scope="col"><span className="visually-hidden">Links</span></th>
        </tr>
      </thead>
      <tbody>
        {resources.map((resource) => {
          const key = `${resource.type}/${resource.name}`;
          const expanded = open.has(key);
          const id = `${prefix}${key}`;
          return (
            <Fragment key={key}>
              <tr>
                <td className="lead">
                  <div className={styles.kind}>
                    <button type="button" aria-expanded={expanded} aria-controls={id} onClick={() => toggle(key)}><ChevronIcon />{resourceKind(resource.type)}</button>
                    <span className={`${styles.resource} mono`}>{resource.name}</span>
                  </div>
                </td>
                <td data-label="State"><StateBadge state={resource.state} /></td>
                <td data-label="Region">{resource.region}</td>
                <td data-label="SKU">{resource.sku || <span className="muted">–</span>}</td>
                <td data-label="Azure id" className={`${styles.idCell} ${styles.roomy}`}>
                  {resource.azureId ? <Copyable text={resource.azureId} what={`Azure id of ${resource.name}`} shown={`…${resource.azureId.slice(-24)}`} /> : <span className="muted">–</span>}
                </td>
                <td data-label="Drift"><DriftBadge resource={resource} /></td>
                <td data-label="Origin" className={styles.roomy}>{resource.origin ?? 'created'}</td>
                <td data-label="Azure portal" className="end"><PortalLink resource={resource} /></td>
              </tr>
              {expanded && <tr id={id} className={styles.more}><td colSpan={8}><Details resource={resource} /></td></tr>}
            </Fragment>
          );
        })}
      </tbody>
    </table>
  );
}

/** "7 of 7 ready", and what is not. */
export function ResourceSum({ resources }: { resources: Resource[] }) {
  const ready = resources.filter(({ state }) => state === 'ready').length;
  const ids = resources.map(({ azureId }) => azureId).filter(Boolean).join('\n');
  return (
    <span className={styles.sum} style={{ alignItems: 'center' }}>
      <span className="number">{ready} of {resources.length} ready</span>
      {ids !== '' && <span className="row" style={{ gap: 0 }}>All ids<CopyButton text={ids} what="all Azure ids" /></span>}
    </span>
  );
}
