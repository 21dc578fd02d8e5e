import { defineResource } from '../define-resource.ts';
import type { TokenReview } from '../gen/authentication-v1.gen.ts';

export const tokenReviews = defineResource<TokenReview>('authentication.k8s.io/v1', 'tokenreviews');
