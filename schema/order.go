package schema

import (
	"slices"

	"papergraph/store"
)

// order is what the inputs named PaperOrder, EdgeOrder and so on are read into.
type order struct{ Field, Direction string }

// orderKeys are the fields of all orders.
var orderKeys = map[string]store.OrderKey{
	"id": store.ByID, "name": store.ByName, "year": store.ByYear, "paperCount": store.ByPapers, "value": store.ByValue,
	"relation": store.ByRelation, "confidence": store.ByConfidence, "support": store.BySupport,
}

// orderOf reads an order. A field that stands there again decides nothing, so
// that no order has more keys than there are fields.
func orderOf(list *[]order) []store.Order {
	if list == nil {
		return nil
	}
	var keys []store.Order
	for _, o := range *list {
		key := orderKeys[o.Field]
		if !slices.ContainsFunc(keys, func(k store.Order) bool { return k.By == key }) {
			keys = append(keys, store.Order{By: key, Descending: o.Direction == "desc"})
		}
	}
	return keys
}
