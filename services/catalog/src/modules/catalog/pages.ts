import { escapeHtml, formatEuro, priceToCents } from '../../helpers.ts';
import { stars } from '../../views/layout.ts';
import type { ProductInList } from './service.ts';

/** Tiles of products, as all listings show them. */
export function productGrid(products: ProductInList[]): string {
  const tiles = products.map((product) => {
    const image = product.images[0];
    const picture = image
      ? `<img src="/images/${image.id}" alt="${escapeHtml(image.alt)}" width="160" height="160" loading="lazy">`
      : '';
    return `<li>
  <a href="/products/${product.slug}">${picture}<br>${escapeHtml(product.name)}</a>
  <br>${formatEuro(priceToCents(product.price))} ${stars(Number(product.ratingAvg))} (${product.ratingCount})
</li>`;
  });
  return `<ul class="products">\n${tiles.join('\n')}\n</ul>\n`;
}
