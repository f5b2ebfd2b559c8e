package feedforward

// For tests outside the package.
var Distance = distance
