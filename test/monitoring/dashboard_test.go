package monitoring

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// dashboard has the parts of Grafana's dashboard model that the tests check.
type dashboard struct {
	Title      string `json:"title"`
	UID        string `json:"uid"`
	Templating struct {
		List []struct {
			Name  string `json:"name"`
			Type  string `json:"type"`
			Query any    `json:"query"`
		} `json:"list"`
	} `json:"templating"`
	Panels []panel `json:"panels"`
}

type panel struct {
	ID          int    `json:"id"`
	Type        string `json:"type"`
	Title       string `json:"title"`
	Description string `json:"description"`
	GridPos     struct {
		X, Y, W, H int
	} `json:"gridPos"`
	FieldConfig struct {
		Defaults struct {
			Unit string `json:"unit"`
		} `json:"defaults"`
	} `json:"fieldConfig"`
	Targets []struct {
		RefID        string `json:"refId"`
		Expr         string `json:"expr"`
		LegendFormat string `json:"legendFormat"`
		Datasource   struct {
			UID string `json:"uid"`
		} `json:"datasource"`
	} `json:"targets"`
}

// units has the names of the units that the dashboard uses. Grafana shows an unknown unit as text
// behind the number, without an error.
var units = []string{"s", "short", "reqps", "percentunit", "bool_yes_no"}

var (
	variable = regexp.MustCompile(`\$\{?([a-z_]+)\}?`)
	legend   = regexp.MustCompile(`\{\{\s*([a-z_]+)\s*\}\}`)
)

func load(t *testing.T) dashboard {
	t.Helper()
	var d dashboard
	if err := json.Unmarshal([]byte(read(t, "../../config/grafana/executorpool.json")), &d); err != nil {
		t.Fatalf("read the dashboard: %v", err)
	}
	return d
}

func TestDashboardComplete(t *testing.T) {
	d := load(t)
	if d.Title == "" || d.UID == "" {
		t.Error("the dashboard has no title or no uid")
	}
	var rows []string
	ids := map[int]bool{}
	for _, p := range d.Panels {
		if ids[p.ID] {
			t.Errorf("two panels have the id %d", p.ID)
		}
		ids[p.ID] = true
		if p.Type == "row" {
			rows = append(rows, p.Title)
			continue
		}
		if p.Title == "" || p.Description == "" || len(p.Targets) == 0 {
			t.Errorf("panel %d %q lacks a title, a description or an expression", p.ID, p.Title)
		}
		if !slices.Contains(units, p.FieldConfig.Defaults.Unit) {
			t.Errorf("panel %q has unit %q, want one of %v", p.Title, p.FieldConfig.Defaults.Unit, units)
		}
		if at := p.GridPos; at.W <= 0 || at.H <= 0 || at.X < 0 || at.X+at.W > 24 {
			t.Errorf("panel %q does not fit the grid of 24 columns: %+v", p.Title, at)
		}
	}
	if want := []string{"Waits", "Queue", "Replicas", "Decisions", "Isolation", "Contests"}; !slices.Equal(rows, want) {
		t.Errorf("rows %v, want %v", rows, want)
	}
	for i, p := range d.Panels {
		for _, other := range d.Panels[:i] {
			a, b := p.GridPos, other.GridPos
			if a.X < b.X+b.W && b.X < a.X+a.W && a.Y < b.Y+b.H && b.Y < a.Y+a.H {
				t.Errorf("panels %q and %q overlap", other.Title, p.Title)
			}
		}
	}
}

// TestDashboardExpressions checks every expression: promtool parses it, it uses the variables of
// the dashboard, and the metrics and labels in it and its legend are exposed.
func TestDashboardExpressions(t *testing.T) {
	d := load(t)
	known := []string{"__rate_interval"}
	for _, v := range d.Templating.List {
		known = append(known, v.Name)
	}
	there := all(t)
	_, histograms := documented(t)
	var parsed ruleGroups
	for _, p := range d.Panels {
		refs := map[string]bool{}
		for _, target := range p.Targets {
			if target.RefID == "" || refs[target.RefID] {
				t.Errorf("%s: two expressions are called %q", p.Title, target.RefID)
			}
			refs[target.RefID] = true
			for _, used := range variable.FindAllStringSubmatch(target.Expr+target.Datasource.UID, -1) {
				if !slices.Contains(known, used[1]) {
					t.Errorf("%s: there is no variable %s", p.Title, used[1])
				}
			}
			found := parseExpression(target.Expr)
			for _, s := range found.series {
				if !slices.Contains(s.labels, "namespace") || !slices.Contains(s.labels, "pool") {
					t.Errorf("%s: %s is not selected by $namespace and $pool", p.Title, s.name)
				}
			}
			for _, label := range legend.FindAllStringSubmatch(target.LegendFormat, -1) {
				if !slices.Contains(found.grouping, label[1]) {
					t.Errorf("%s: the legend names the label %s, by which nothing is grouped", p.Title, label[1])
				}
			}
			for _, fault := range there.faults(target.Expr, histograms) {
				t.Errorf("%s: %v", p.Title, fault)
			}
			parsed.add(fmt.Sprintf("panel_%d_%s", p.ID, target.RefID), target.Expr)
		}
	}
	for _, v := range d.Templating.List {
		query, ok := v.Query.(map[string]any)
		if !ok {
			continue
		}
		selected, ok := strings.CutPrefix(fmt.Sprint(query["query"]), "label_values(")
		selected, label, found := cutLast(strings.TrimSuffix(selected, ")"), ", ")
		if !ok || !found {
			t.Errorf("variable %s has the query %v, want label_values(metric, label)", v.Name, query["query"])
			continue
		}
		for _, fault := range there.faults("max by ("+label+") ("+selected+")", histograms) {
			t.Errorf("variable %s: %v", v.Name, fault)
		}
	}
	if err := check(t, parsed); err != nil {
		t.Errorf("the dashboard's expressions: %v", err)
	}
}

// add adds an expression as a recording rule. It replaces the variables that Grafana replaces.
func (g *ruleGroups) add(name, expr string) {
	if len(g.Groups) == 0 {
		g.Groups = append(g.Groups, group{Name: "dashboard"})
	}
	filled := strings.NewReplacer("$__rate_interval", "1m", "$namespace", ".+", "$pool", ".+").Replace(expr)
	g.Groups[0].Rules = append(g.Groups[0].Rules, rule{Record: name, Expr: filled})
}

func cutLast(s, sep string) (before, after string, found bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(sep):], true
}
