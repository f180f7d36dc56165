/** A delivery as its workflow and its activities know it. Ids and nothing else: arguments are stored in plain text. */
export interface DeliveryInput {
  deliveryId: string;
  webhookId: number;
  tenantId: string;
}
