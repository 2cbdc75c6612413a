"""What is made of a generator's frames before they are a layer: in-betweens, and more pixels."""
