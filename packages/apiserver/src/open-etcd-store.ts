import { readFileSync } from 'node:fs';

import type { Clock, Logger } from '@kts/base';
import type { Store } from '@kts/store';
import type { EtcdStoreOptions } from '@kts/store/etcd';

import { REGISTRY } from './cache/cache-feed.ts';
import type { ApiServerFlags } from './command-line.ts';

type EtcdFlags = Pick<ApiServerFlags, 'etcdServers' | 'etcdCafile' | 'etcdCertfile' | 'etcdKeyfile' | 'etcdPrefix'>;

export interface EtcdAddress {
  readonly endpoints: readonly string[];
  /** With a slash at its end. */
  readonly prefix: string;
}

/** The store in the etcd that flags name; undefined if they name none. Throws what is wrong with them or with etcd. */
export async function openEtcdStore(
  flags: EtcdFlags,
  { clock, log }: { readonly clock: Clock; readonly log: Logger },
): Promise<Store | undefined> {
  const address = etcdAddress(flags);
  if (!address) return undefined;
  const { createEtcdStore } = await import('@kts/store/etcd');
  const keys = { root: REGISTRY, prefix: address.prefix };
  return createEtcdStore({ endpoints: address.endpoints, tls: tlsFrom(flags), keys, clock, log });
}

/** Addresses without a scheme are taken with TLS if there is anything to do TLS with. */
export function etcdAddress(flags: EtcdFlags): EtcdAddress | undefined {
  const { etcdServers = [], etcdCafile, etcdCertfile, etcdKeyfile, etcdPrefix } = flags;
  if (etcdServers.length === 0) return undefined;
  if ((etcdCertfile === undefined) !== (etcdKeyfile === undefined)) {
    throw new Error('--etcd-certfile and --etcd-keyfile belong together');
  }
  const scheme = etcdCafile || etcdCertfile ? 'https' : 'http';
  const endpoints = etcdServers.map((server) => {
    const url = URL.parse(/^[a-z]+:\/\//.test(server) ? server : `${scheme}://${server}`);
    if (url && (url.protocol === 'http:' || url.protocol === 'https:')) return url.origin;
    throw new Error(`--etcd-servers ${JSON.stringify(server)} is no http or https URL`);
  });
  return { endpoints, prefix: `/${etcdPrefix.replaceAll(/^\/+|\/+$/g, '')}/`.replace('//', '/') };
}

function tlsFrom({ etcdCafile, etcdCertfile, etcdKeyfile }: EtcdFlags): NonNullable<EtcdStoreOptions['tls']> {
  return {
    ...(etcdCafile ? { authority: readFileSync(etcdCafile, 'utf8') } : {}),
    ...(etcdCertfile ? { certificate: readFileSync(etcdCertfile, 'utf8') } : {}),
    ...(etcdKeyfile ? { key: readFileSync(etcdKeyfile, 'utf8') } : {}),
  };
}
