export {
  createMetrics,
  type Metrics,
  type MetricsDeps,
  type MetricsHttpRequest,
  type MetricsHttpResponse,
  type ScrapeKubelet,
} from './metrics.ts';
export { METRICS_SERVICE, METRICS_USER, publishMetricsApi, withdrawMetricsApi } from './publish-metrics-api.ts';
