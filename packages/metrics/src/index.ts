export {
  createMetrics,
  type Metrics,
  type MetricsDeps,
  type MetricsHttpRequest,
  type MetricsHttpResponse,
  type ScrapeKubelet,
} from './metrics.ts';
export { publishMetricsApi, withdrawMetricsApi, type MetricsApi } from './publish-metrics-api.ts';
