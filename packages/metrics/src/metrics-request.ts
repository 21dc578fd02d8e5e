/** What a request to the metrics API asks for. Pure. */
import { badRequest, failure, parseFieldSelector, parseLabelSelector, type FieldSelector } from '@kts/apimachinery';

import type { IncludeObject } from './metrics-objects.ts';

export type MetricsRequest =
  | { readonly kind: 'discovery' }
  | { readonly kind: 'get'; readonly resource: Resource; readonly namespace: string; readonly name: string }
  | {
      readonly kind: 'list';
      readonly resource: Resource;
      /** Empty: all. */
      readonly namespace: string;
      readonly labelSelector: string;
      readonly fieldSelector: FieldSelector;
    };

export type Resource = 'nodes' | 'pods';

/** How the answer is to look; absent `table`: as the objects themselves. */
export interface AnswerForm {
  readonly table?: { readonly apiVersion: string; readonly include: IncludeObject };
}

const ROOT = '/apis/metrics.k8s.io/v1beta1';
const FIELDS = ['metadata.name', 'metadata.namespace'];

/** Throws StatusError. */
export function parseMetricsRequest(method: string, path: string, query: URLSearchParams): MetricsRequest {
  if (path === ROOT || path === `${ROOT}/`) return { kind: 'discovery' };
  const parts = path.startsWith(`${ROOT}/`)
    ? path
        .slice(ROOT.length + 1)
        .split('/')
        .map(decodeURIComponent)
    : [];
  const namespace = parts[0] === 'namespaces' && parts.length > 2 ? parts[1]! : '';
  const [resource, name, ...rest] = namespace ? parts.slice(2) : parts;
  const isKnown = resource === 'pods' ? !name || namespace !== '' : resource === 'nodes' && namespace === '';
  if (!isKnown || rest.length > 0) throw failure('NotFound', 'the server could not find the requested resource');
  if (method !== 'GET' || query.get('watch') === 'true') {
    throw failure('MethodNotAllowed', 'the server does not allow this method on the requested resource');
  }
  const known: Resource = resource === 'pods' ? 'pods' : 'nodes';
  if (name) return { kind: 'get', resource: known, namespace, name };
  const labelSelector = query.get('labelSelector') ?? '';
  const fieldSelector = parsed(() => parseFieldSelector(query.get('fieldSelector') ?? ''));
  parsed(() => parseLabelSelector(labelSelector));
  const unknown = fieldSelector.requirements.find(({ field }) => !FIELDS.includes(field));
  if (unknown) {
    throw badRequest(`"${unknown.field}" is not a known field selector: only "metadata.name", "metadata.namespace"`);
  }
  return { kind: 'list', resource: known, namespace, labelSelector, fieldSelector };
}

function parsed<T>(parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    throw badRequest((error as Error).message);
  }
}

/** The first form of an `Accept` header that this API has. Throws StatusError if it has none. */
export function answerForm(accept: string, query: URLSearchParams): AnswerForm {
  for (const one of accept === '' ? ['*/*'] : accept.split(',')) {
    const [type = '', ...parameters] = one.split(';').map((part) => part.trim());
    if (!['application/json', 'application/*', '*/*'].includes(type)) continue;
    const { as, g, v } = Object.fromEntries(parameters.map((parameter) => parameter.split('=', 2))) as Parameters;
    if (as === undefined) return {};
    const isTable = as === 'Table' && g === 'meta.k8s.io' && (v === 'v1' || v === 'v1beta1');
    if (isTable) return { table: { apiVersion: `${g}/${v}`, include: includeObject(query) } };
  }
  throw failure('NotAcceptable', 'only the following media types are accepted: application/json');
}

type Parameters = Readonly<Partial<Record<string, string>>>;

function includeObject(query: URLSearchParams): IncludeObject {
  const asked = query.get('includeObject');
  return asked === 'None' || asked === 'Object' ? asked : 'Metadata';
}
