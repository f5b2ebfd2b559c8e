package feedforward

import (
	"fmt"
	"math"
	"strings"
	"unicode"
	"unicode/utf8"

	"nst/vgg/safetensors"
)

// maxText is the most characters that a text about a model may have.
const maxText = 1000

// Check returns an error if m cannot be saved: if the architecture, the number of styles or
// of parameters is out of range; if a name is not a style's (see [CheckStyleName]) or occurs
// twice; if a text has characters that do not print; if a parameter or another number is not
// finite; or if a number about the training is negative.
func (m *Model) Check() error {
	if err := m.check(); err != nil {
		return fmt.Errorf("feedforward: %w", err)
	}
	return nil
}

func (m *Model) check() error {
	if err := m.checkText(); err != nil {
		return err
	}
	if n := m.Count(len(m.Styles)); len(m.Params) != n {
		return fmt.Errorf("model has %d parameters, want %d", len(m.Params), n)
	}
	for p := range m.tensors(len(m.Styles)) {
		if err := safetensors.Finite(p.Of(m.Params)); err != nil {
			return fmt.Errorf("%s: %w", p.Name, err)
		}
	}
	return nil
}

// checkText is check without the parameters.
func (m *Model) checkText() error {
	if err := m.validate(); err != nil {
		return err
	}
	if err := checkStyles(m.Styles); err != nil {
		return err
	}
	return checkAbout(m.Training, m.Losses, m.Licence)
}

// checkAbout checks what is known about a network.
func checkAbout(training Training, losses Losses, licence string) error {
	if err := training.check(); err != nil {
		return fmt.Errorf("training: %w", err)
	}
	for _, t := range []Terms{losses.Training, losses.Validation} {
		if err := checkNumbers(number{"content", t.Content}, number{"style", t.Style}, number{"tv", t.TV}); err != nil {
			return fmt.Errorf("losses: %w", err)
		}
	}
	if err := checkPrints(licence); err != nil {
		return fmt.Errorf("licence: %w", err)
	}
	return nil
}

func checkStyles(styles []Style) error {
	if len(styles) < 1 || len(styles) > maxStyles {
		return fmt.Errorf("%d styles, want 1 to %d", len(styles), maxStyles)
	}
	seen := map[string]bool{}
	for i, s := range styles {
		if err := checkName(s.Name); err != nil {
			return fmt.Errorf("style %d: %w", i, err)
		}
		key := strings.ToLower(s.Name)
		if seen[key] {
			return fmt.Errorf("two styles have the name %q", s.Name)
		}
		seen[key] = true
		for _, text := range []string{s.Title, s.Painter, s.Year} {
			if err := checkPrints(text); err != nil {
				return fmt.Errorf("style %s: %w", s.Name, err)
			}
		}
		if s.SHA256 != "" && (len(s.SHA256) != 64 || strings.Trim(s.SHA256, "0123456789abcdef") != "") {
			return fmt.Errorf("style %s: SHA-256 is %.80q, want 64 hexadecimal digits", s.Name, s.SHA256)
		}
	}
	return nil
}

func (t Training) check() error {
	for _, text := range []string{t.Network, t.Program} {
		if err := checkPrints(text); err != nil {
			return err
		}
	}
	return checkNumbers(
		number{"content weight", t.ContentWeight}, number{"style weight", t.StyleWeight}, number{"tv weight", t.TVWeight},
		number{"size", float64(t.Size)}, number{"batch", float64(t.Batch)}, number{"steps", float64(t.Steps)},
		number{"seconds", t.Seconds}, number{"photographs", float64(t.Photographs)}, number{"paintings", float64(t.Paintings)},
	)
}

// number is a value with its name in messages.
type number struct {
	name  string
	value float64
}

func checkNumbers(numbers ...number) error {
	for _, x := range numbers {
		if !(x.value >= 0) || math.IsInf(x.value, 0) {
			return fmt.Errorf("%s is %v, want a finite number of at least 0", x.name, x.value)
		}
	}
	return nil
}

// checkPrints refuses characters that could do harm in a terminal, and text too long for it.
func checkPrints(s string) error {
	if n := utf8.RuneCountInString(s); n > maxText {
		return fmt.Errorf("text of %d characters, want at most %d", n, maxText)
	}
	if !utf8.ValidString(s) {
		return fmt.Errorf("text %q is not UTF-8", s)
	}
	if i := strings.IndexFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }); i >= 0 {
		return fmt.Errorf("text %q has a character that does not print", s)
	}
	return nil
}
