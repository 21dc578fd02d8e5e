import type { APIService } from '@kts/api/types/apiregistration-v1';

/** A group version that another API server answers for, as its APIService says. */
export interface RemoteApi {
  /** Of the APIService: `v1beta1.metrics.k8s.io`. */
  readonly name: string;
  readonly group: string;
  readonly version: string;
  readonly groupPriority: number;
  readonly versionPriority: number;
  readonly service: { readonly namespace: string; readonly name: string; readonly port: number };
  /** What the server's certificate has to be for. */
  readonly host: string;
  /** PEM; absent: the authorities that this machine trusts. */
  readonly ca?: string;
  readonly insecure: boolean;
  readonly available: boolean;
}

const HTTPS_PORT = 443;

/** Undefined for a group version that this server answers for itself. */
export function remoteApiOf({ metadata, spec, status }: APIService): RemoteApi | undefined {
  if (!spec?.service) return undefined;
  const { namespace = '', name = '', port = HTTPS_PORT } = spec.service;
  return {
    name: metadata.name,
    group: spec.group ?? '',
    version: spec.version ?? '',
    groupPriority: spec.groupPriorityMinimum,
    versionPriority: spec.versionPriority,
    service: { namespace, name, port },
    host: `${name}.${namespace}.svc`,
    ...(spec.caBundle ? { ca: Buffer.from(spec.caBundle, 'base64').toString() } : {}),
    insecure: spec.insecureSkipTLSVerify ?? false,
    available: (status?.conditions ?? []).some((one) => one.type === 'Available' && one.status === 'True'),
  };
}

/** Whether connections that were made for `before` may be used for `after`. */
export function isSameServer(before: RemoteApi, after: RemoteApi): boolean {
  return before.host === after.host && before.service.port === after.service.port && before.ca === after.ca;
}

/** `/apis/metrics.k8s.io/v1beta1`. */
export function groupVersionPath({ group, version }: Pick<RemoteApi, 'group' | 'version'>): string {
  return group === '' ? `/api/${version}` : `/apis/${group}/${version}`;
}
