package imgio

// DecodeUpTo is Decode with another limit on the number of pixels.
var DecodeUpTo = decode
