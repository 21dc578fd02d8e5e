/**
 * Connections to pods, nodes and services are admitted too: what is asked for in the query is the object.
 *
 * Mirrors: ConnectResource in staging/src/k8s.io/apiserver/pkg/endpoints/handlers/rest.go (v1.36)
 * Differs: what a plugin changes in the options has no effect on the connection.
 */
import { badRequest } from '@kts/apimachinery';

import type { AdmissionAttributes } from '../admission/admission.ts';
import { kindOf } from '../admission/matching/request-kind.ts';
import type { ObjectDraft } from '../registry/object-draft.ts';
import type { RequestScope } from '../registry/request-scope.ts';
import type { SubresourceHandler } from './subresource.ts';

export function admittingConnections(handler: SubresourceHandler): SubresourceHandler {
  return async (scope) => {
    const { request, definition, subresource, namespace, name, registry } = scope;
    if (request.query.has('dryRun')) throw badRequest('dryRun is not supported');
    const attributes: AdmissionAttributes = {
      operation: 'CONNECT',
      definition,
      subresource,
      namespace,
      name,
      object: connectOptions(scope) as ObjectDraft,
      old: undefined,
      dryRun: false,
      options: undefined,
      request,
    };
    await registry.admission.admit(attributes);
    await registry.admission.validate(attributes);
    return handler(scope);
  };
}

/** The options of a connection as an object. */
export function connectOptions({ definition, subresource, request }: RequestScope): object {
  const { kind } = kindOf({ definition, subresource });
  const { query, info } = request;
  switch (subresource) {
    case 'exec':
    case 'attach': {
      const container = query.get('container');
      const command = query.getAll('command');
      return {
        kind,
        apiVersion: 'v1',
        ...flags(query, ['stdin', 'stdout', 'stderr', 'tty']),
        ...(container ? { container } : {}),
        ...(subresource === 'exec' ? { command } : {}),
      };
    }
    case 'portforward': {
      const ports = query.getAll('ports').flatMap((list) => list.split(',').map(Number));
      return { kind, apiVersion: 'v1', ...(ports.length > 0 ? { ports } : {}) };
    }
    default: {
      const rest = info.parts.slice(3).join('/');
      const path = `${rest && '/'}${rest}${info.path.endsWith('/') ? '/' : ''}`;
      return { kind, apiVersion: 'v1', ...(path ? { path } : {}) };
    }
  }
}

function flags(query: URLSearchParams, names: readonly string[]): Readonly<Record<string, true>> {
  const isSet = (name: string): boolean => !['', 'false', '0'].includes(query.get(name)?.toLowerCase() ?? '');
  return Object.fromEntries(names.filter(isSet).map((name) => [name, true] as const));
}
