export { parseProxyFlags, type ProxyFlags } from './command-line.ts';
export { readConfiguration } from './configuration/read-configuration.ts';
export type { ProxyConfiguration } from './configuration/proxy-configuration.ts';
export { listenAddress } from './listen-address.ts';
export { applyConntrackSettings, planConntrackSettings } from './nftables/conntrack-settings.ts';
export { createNftablesBackend } from './nftables/nftables-backend.ts';
export type { ProxyBackend } from './proxy-backend.ts';
export { createProxy, type ProxyConfig, type ProxyDeps } from './proxy.ts';
export { computeServiceRoutes, type Backend, type IpFamily, type ServiceRoute } from './service-routes.ts';
