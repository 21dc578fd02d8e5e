export { failureOf } from './failure-of.ts';
export { ADMIN, startTestApiServer, type TestApiServer, type TestApiServerOptions } from './test-api-server.ts';
