package score

// ResultKey is what two results must share to match: the numbers of the value
// and the first word of the unit, normalised. It is empty where the value has
// no number.
func ResultKey(value, unitText string) string {
	v := numbers(value)
	if v == "" {
		return ""
	}
	return v + "|" + unit(unitText)
}

// ValueKey is the part of [ResultKey] that comes from the value.
func ValueKey(value string) string { return numbers(value) }

// Entities lists the entities of all fields; one that stands in two fields
// comes twice.
func (p *Paper) Entities() []Entity {
	var out []Entity
	for _, list := range [][]Entity{p.Introduces.Methods, p.Introduces.Datasets, p.Uses.Methods, p.Compares.Methods, p.EvaluatesOn.Datasets, p.Tasks, p.Metrics, p.Concepts} {
		out = append(out, list...)
	}
	return out
}
