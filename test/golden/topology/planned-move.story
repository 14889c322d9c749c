5.8s * pod s-0 is deleted
5.8s intent Move epoch 2 s-2 from s-0 (PodDeleted)
5.9s hand over s-0 to s-2
7.1s establish s-2 epoch 2 n 3 w 1 replicas s-1
7.6s mark epoch 2 n 3 w 1: NewEpoch
7.7s label off nobody on s-2
7.8s clear Move epoch 2 s-2 from s-0 (PodDeleted): Moved
7.9s prepare s-0
8.0s note s-1 s-2 s-0
8.1s join s-0 to s-2
10.1s describe s-0 replica readable joined
no acknowledged write is lost
