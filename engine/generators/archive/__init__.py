"""The index of training pictures: nearest pictures with credits."""
