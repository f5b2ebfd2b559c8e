package feedforward

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// metadata describes m. What is not a text is JSON.
func (m *Model) metadata(format string) (map[string]string, error) {
	meta := map[string]string{
		"format": format, "version": strconv.Itoa(version), "created_by": "nst", "licence": m.Licence,
	}
	for key, value := range map[string]any{
		"architecture": m.Architecture, "styles": m.Styles, "training": m.Training, "losses": m.Losses,
	} {
		text, err := json.Marshal(value)
		if err != nil {
			return nil, fmt.Errorf("metadata: %s: %w", key, err)
		}
		meta[key] = string(text)
	}
	return meta, nil
}

// parseMetadata is the inverse of metadata. It checks everything but the parameters.
func parseMetadata(meta map[string]string) (*Model, error) {
	m := &Model{Licence: meta["licence"]}
	styles := styleList{&m.Styles}
	for _, field := range []struct {
		key string
		dst any
	}{{"architecture", &m.Architecture}, {"styles", &styles}, {"training", &m.Training}, {"losses", &m.Losses}} {
		text, ok := meta[field.key]
		if !ok {
			return nil, fmt.Errorf("metadata: %s is missing", field.key)
		}
		if err := json.Unmarshal([]byte(text), field.dst); err != nil {
			return nil, fmt.Errorf("metadata: %s: %w", field.key, err)
		}
	}
	if err := m.checkText(); err != nil {
		return nil, fmt.Errorf("metadata: %w", err)
	}
	return m, nil
}

// styleList decodes styles one by one, so that a list that is too long takes no memory.
type styleList struct{ styles *[]Style }

// UnmarshalJSON reads the styles one by one, and stops with an error after the most that a
// model may have.
func (l *styleList) UnmarshalJSON(text []byte) error {
	d := json.NewDecoder(strings.NewReader(string(text)))
	if t, err := d.Token(); err != nil || t != json.Delim('[') {
		return errors.New("want a list")
	}
	for d.More() {
		if len(*l.styles) == maxStyles {
			return fmt.Errorf("more than %d styles", maxStyles)
		}
		var s Style
		if err := d.Decode(&s); err != nil {
			return err
		}
		*l.styles = append(*l.styles, s)
	}
	return nil // the caller has checked the syntax to the end
}
