export {
  createMetrics,
  type Metrics,
  type MetricsDeps,
  type MetricsHttpRequest,
  type MetricsHttpResponse,
  type ScrapeKubelet,
} from './metrics.ts';
export { publishMetricsApi, withdrawMetricsApi, type MetricsServerName } from './publish-metrics-api.ts';
