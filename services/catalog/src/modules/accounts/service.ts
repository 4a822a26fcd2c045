/** "Ada L.": how other visitors see a customer. */
export function publicName(customer: { firstName: string; lastName: string }): string {
  return `${customer.firstName} ${customer.lastName.slice(0, 1)}.`;
}
