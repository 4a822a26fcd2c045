import type { FastifyInstance } from 'fastify';
import addressRoutes from './accounts/addresses.ts';
import accountApi from './accounts/api.ts';
import accountRoutes from './accounts/routes.ts';
import adminRoutes from './admin/routes.ts';
import cartApi from './carts/api.ts';
import cartRoutes from './carts/routes.ts';
import wishlistRoutes from './carts/wishlist.ts';
import catalogAdmin from './catalog/admin.ts';
import catalogApi from './catalog/api.ts';
import imageRoutes from './catalog/images.ts';
import catalogRoutes from './catalog/routes.ts';
import inventoryRoutes from './inventory/routes.ts';
import notificationRoutes from './notifications/routes.ts';
import orderApi from './orders/api.ts';
import orderRoutes from './orders/routes.ts';
import orderStream from './orders/stream.ts';
import paymentRoutes from './payments/routes.ts';
import promotionRoutes from './promotions/routes.ts';
import exportRoutes from './reports/exports.ts';
import reportRoutes from './reports/routes.ts';
import reviewApi from './reviews/api.ts';
import moderationRoutes from './reviews/moderation-routes.ts';
import reviewRoutes from './reviews/routes.ts';
import reviewVotesApi from './reviews/votes-api.ts';
import searchRoutes from './search/routes.ts';
import shippingRoutes from './shipping/routes.ts';
import supportChat from './support/chat.ts';
import supportRoutes from './support/routes.ts';

/** All modules of the shop on their addresses. */
export async function registerModules(app: FastifyInstance): Promise<void> {
  app.register(catalogRoutes);
  app.register(imageRoutes, { prefix: '/images' });
  app.register(catalogApi, { prefix: '/api' });
  app.register(catalogAdmin, { prefix: '/admin' });
  app.register(searchRoutes);

  app.register(reviewRoutes);
  app.register(reviewApi, { prefix: '/api' });
  app.register(reviewVotesApi, { prefix: '/api' });
  app.register(moderationRoutes);

  app.register(accountRoutes);
  app.register(addressRoutes);
  app.register(accountApi, { prefix: '/api' });
  app.register(wishlistRoutes);
  app.register(notificationRoutes);

  app.register(cartRoutes, { prefix: '/cart' });
  app.register(cartApi, { prefix: '/api/cart' });
  app.register(promotionRoutes);
  app.register(orderRoutes);
  app.register(orderStream);
  app.register(orderApi, { prefix: '/api/orders' });
  app.register(paymentRoutes, { prefix: '/api' });
  app.register(inventoryRoutes);
  app.register(shippingRoutes);

  app.register(supportRoutes);
  app.register(supportChat);
  app.register(adminRoutes, { prefix: '/admin' });
  app.register(reportRoutes, { prefix: '/admin/reports' });
  app.register(exportRoutes, { prefix: '/admin/exports' });
}
