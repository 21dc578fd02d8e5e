export { createNftablesBackend } from './nftables/nftables-backend.ts';
export type { ProxyBackend } from './proxy-backend.ts';
export { createProxy, type ProxyConfig, type ProxyDeps } from './proxy.ts';
export { computeServiceRoutes, type Backend, type IpFamily, type ServiceRoute } from './service-routes.ts';
