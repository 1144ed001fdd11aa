// SPDX-License-Identifier: Apache-2.0
// What oav does not see: the protocol of long operations across exchanges, the headers that every answer
// of Resource Manager carries, links between pages, and the shape of errors.

const ended = /^(succeeded|failed|canceled)$/i;

function header(message, name) {
  const found = Object.entries(message.headers ?? {}).find(([key]) => key.toLowerCase() === name);
  return found?.[1];
}

// The operation is in the path; some clients write "asyncinfo" as "asyncinfo=undefined".
const normalized = (url) => url.split('?')[0];

// Of one recording, in the order of its exchanges.
export class LongOperations {
  #announced = new Set();

  // Complaints about one exchange with Resource Manager.
  check({ liveRequest: request, liveResponse: response }) {
    const complaints = [];
    const status = Number(response.statusCode);
    for (const name of ['x-ms-request-id', 'x-ms-correlation-request-id']) {
      if (!header(response, name)) complaints.push(`the answer has no ${name}`);
    }
    for (const name of ['azure-asyncoperation', 'location']) {
      const url = header(response, name);
      if (url === undefined) continue;
      if (!/^https:\/\/[^/]+\/subscriptions\/.*[?&]api-version=/.test(url)) {
        complaints.push(`${name} is not an absolute URL with api-version: ${url}`);
      }
      this.#announced.add(normalized(url));
    }
    const retry = header(response, 'retry-after');
    if (retry !== undefined && !/^\d+$/.test(retry)) complaints.push(`Retry-After is not a number: ${retry}`);
    if (status >= 400) complaints.push(...this.#checkError(request, response));
    else complaints.push(...this.#checkState(request, response, status));
    if (request.method !== 'POST' && JSON.stringify(response.body ?? '').includes('Key=REDACTED')) {
      complaints.push('a key is not masked'); // the recorder redacts what Drydock has not masked itself
    }
    const next = response.body?.nextLink;
    if (next && !/^https:\/\/.*[?&]api-version=/.test(next)) complaints.push(`nextLink is not absolute: ${next}`);
    return complaints;
  }

  // A poll must go to where an answer has pointed, and be answered in one of the two protocols.
  checkPoll({ liveRequest: request, liveResponse: response }) {
    const status = Number(response.statusCode);
    if (status >= 400) return [];
    const complaints = [];
    if (!this.#announced.has(normalized(request.url))) complaints.push('nobody pointed the client to this URL');
    const body = response.body;
    if (status === 200 && body !== undefined && 'status' in body && typeof body.status !== 'string') {
      complaints.push('the status of the operation is not a text');
    }
    if (/^(failed|canceled)$/i.test(body?.status ?? '') && !body.error?.code) {
      complaints.push('an operation that failed does not say why');
    }
    if (![200, 202, 204].includes(status)) complaints.push(`a poll is answered with ${status}`);
    return complaints;
  }

  #checkState(request, response, status) {
    const state = response.body?.properties?.provisioningState;
    const changes = ['PUT', 'PATCH'].includes(request.method);
    if (!changes || status > 201 || state === undefined || ended.test(state)) return [];
    // Event Hubs namespaces are polled by their own GET.
    if (/\/Microsoft\.EventHub\//i.test(request.url) || header(response, 'azure-asyncoperation')) return [];
    if (header(response, 'location')) return [];
    return [`the resource is ${state}, and nothing says where its operation is`];
  }

  // The envelope of Resource Manager, or what Microsoft.Devices answers instead.
  #checkError(request, response) {
    const body = response.body;
    if (request.method === 'HEAD') return [];
    const enveloped = typeof body?.error?.code === 'string' && typeof body.error.message === 'string';
    const flat = /\/Microsoft\.Devices\//i.test(request.url) && Number.isInteger(body?.code) &&
      'httpStatusCode' in body && typeof body.message === 'string';
    return enveloped || flat ? [] : [`an error in neither of the two shapes: ${JSON.stringify(body)}`];
  }
}
